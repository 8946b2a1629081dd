/** The playlists: made, put in order, copied, removed. Everything by buttons and by keyboard. */

import { ask } from "../api.js";
import { html, signal, useEffect, useRef, useState } from "../dom.js";
import { Act, Sheet, reasonOf } from "../parts.js";
import { Field, Otherwise, Version, inForce, keep, learnSchedule, nameFor, part } from "../programme.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  playlistsTitle: ["재생목록", "Playlists"],
  playlistsNone: ["아직 재생목록이 없습니다", "There is no playlist yet"],
  playlistsNew: ["목록 만들기…", "New playlist…"],
  playlistsName: ["이름", "Name"],
  playlistsKind: ["나가는 방식", "How it plays"],
  playlistsUsed: ["쓰는 곳: {names}", "used by {names}"],
  playlistsChange: ["바꾸기…", "Change…"],
  playlistsChangeOf: ["{name} 바꾸기", "Change {name}"],
  playlistsCopy: ["복사…", "Copy…"],
  playlistsCopyOf: ["{name} 복사", "Copy {name}"],
  playlistsCopied: ["{name} (사본)", "{name} (copy)"],
  playlistsRemoveOf: ["{name} 지우기", "Remove {name}"],
  playlistsInUse: ["편성에서 쓰고 있어 지울 수 없습니다", "The week uses it: it cannot be removed"],
  playRepeat: ["순서대로, 끝나면 처음부터", "In order, then again"],
  playOnce: ["순서대로 한 번", "In order, once"],
  playRotate: ["규칙에 따라 돌아가며", "Taking turns by rules"],
  playlistsTracks: ["곡 {n}개, {length}", "{n} tracks, {length}"],
  playlistsEmpty: ["아직 곡이 없습니다. 아래에서 찾아 넣으십시오", "No tracks yet: find some below"],
  playlistsUp: ["위로: {name}", "Move up: {name}"],
  playlistsDown: ["아래로: {name}", "Move down: {name}"],
  playlistsTake: ["빼기: {name}", "Take out: {name}"],
  playlistsAtTop: ["맨 위입니다", "it is the first"],
  playlistsAtEnd: ["맨 아래입니다", "it is the last"],
  playlistsGone: ["자료에 없음", "not at hand"],
  playlistsKeys: ["Alt+↑, Alt+↓: 곡 옮기기", "Alt+↑, Alt+↓ move a track"],
  playlistsFind: ["넣을 곡 찾기", "Find tracks to add"],
  playlistsAdd: ["넣기: {name}", "Add: {name}"],
  playlistsAddDo: ["넣기", "Add"],
  playlistsNothing: ["찾은 것이 없습니다", "Nothing found"],
  chooseFolders: ["폴더 (쉼표로 나눔)", "Folders, separated by commas"],
  chooseAnyTags: ["꼬리표 중 하나라도", "Any of these tags"],
  chooseAllTags: ["꼬리표 모두", "All of these tags"],
  chooseNoTags: ["이 꼬리표는 빼고", "None of these tags"],
  chooseArtists: ["음악가", "Artists"],
  chooseGenres: ["갈래", "Genres"],
});
await styled("views.css");
await styled("week.css");

const CHOICES = ["folders", "any_tags", "all_tags", "no_tags", "artists", "genres"];
const PLAYS = ["repeat", "once", "rotate"];
const FIND_MS = 200;
const lists = signal(null);
const problem = signal("");

async function look() {
  try {
    lists.value = (await ask("GET", "/playlists")).playlists;
    problem.value = "";
  } catch (error) {
    problem.value = error.message;
  }
}

function clock(seconds) {
  const whole = Math.round(seconds ?? 0);
  const minutes = String(Math.floor(whole / 60) % 60).padStart(whole >= 3600 ? 2 : 1, "0");
  return `${whole >= 3600 ? `${Math.floor(whole / 3600)}:` : ""}${minutes}:${String(whole % 60).padStart(2, "0")}`;
}

/** The entries and lists that a list cannot be taken away from, by what people call them. */
const usersOf = (name) => [
  ...Object.values(part("entries")).filter((one) => one.playlist === name),
  ...Object.values(part("playlists")).filter((one) => one.marks === name),
].map((one) => one.title);

let count = 0;
const row = (track) => ({ ...track, key: (count += 1) });
const playOf = (defined) => (defined.choose || !defined.items ? "rotate" : defined.repeats === false ? "once" : "repeat");

function fieldsOf(defined, title, play, tracks, choose) {
  if (play === "rotate") {
    const { items: _, repeats: __, ...rest } = defined;
    const said = CHOICES.map((key) => [key, (choose[key] ?? "").split(",").map((one) => one.trim()).filter(Boolean)]);
    return { ...rest, title, choose: Object.fromEntries(said.filter(([, words]) => words.length)) };
  }
  const fields = { title, items: tracks.map((one) => one.recording) };
  return play === "once" ? { ...fields, repeats: false } : fields;
}

function Find({ onAdd }) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState([]);
  useEffect(() => {
    const timer = setTimeout(() => ask("GET", `/library/recordings?most=8&words=${encodeURIComponent(words)}`)
      .then((answer) => setFound(answer.recordings), () => setFound([])), FIND_MS);
    return () => clearTimeout(timer);
  }, [words]);
  const tracked = (one) => ({ recording: one.id, title: one.title, artist: one.artist, at_hand: true, seconds: one.cue_out - (one.cue_in ?? 0) });
  return html`<div class="form"><label>${t("playlistsFind")}<input type="search" name="find" value=${words} onInput=${(event) => setWords(event.currentTarget.value)} /></label>
    <ul class="playlist-found">${found.map((one) => html`<li key=${one.id} class="playlist-row"><span class="playlist-called">${one.title} <small>${one.artist}</small></span><span class="number">${clock(tracked(one).seconds)}</span>
      <button type="button" class="button small" data-add=${one.id} aria-label=${t("playlistsAdd", { name: one.title })} onClick=${() => onAdd(tracked(one))}>${t("playlistsAddDo")}</button></li>`)}</ul>
    ${!found.length && html`<p class="soft">${t("playlistsNothing")}</p>`}</div>`;
}

/** A small button of a track; one that cannot be pressed says why in its name. */
function Small({ sign, label, reason, onPress, kind }) {
  return html`<button type="button" class="button small" data-move=${kind} aria-disabled=${reason ? "true" : null} title=${reason || label}
    aria-label=${reason ? `${label} (${reason})` : label} onClick=${reason ? null : onPress}>${sign}</button>`;
}

function Tracks({ tracks, onTracks }) {
  const list = useRef(null);
  const moved = useRef(null);
  useEffect(() => {
    if (moved.current) list.current?.querySelector(moved.current)?.focus();
    moved.current = null;
  }, [tracks]);
  const move = (from, by, kind) => {
    const to = from + by;
    if (to < 0 || to >= tracks.length) return;
    const next = [...tracks];
    next.splice(to, 0, ...next.splice(from, 1));
    moved.current = `[data-key="${tracks[from].key}"] [data-move=${kind}]`;
    onTracks(next);
  };
  const take = (from) => {
    const next = tracks.filter((_, n) => n !== from);
    const beside = next[Math.min(from, next.length - 1)];
    moved.current = beside ? `[data-key="${beside.key}"] [data-move=take]` : null;
    onTracks(next);
  };
  const onKey = (event, n) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || !by) return;
    event.preventDefault();
    move(n, by, event.target.dataset.move ?? "up");
  };
  return html`<ol class="playlist-tracks" ref=${list}>${tracks.map((one, n) => {
    const name = one.title ?? one.recording;
    return html`<li key=${one.key} class="playlist-row" data-key=${one.key} data-recording=${one.recording} onKeyDown=${(event) => onKey(event, n)}>
      <span class="number">${n + 1}</span><span class="playlist-called">${name} <small>${one.at_hand ? one.artist : html`<b class="bad">${t("playlistsGone")}</b>`}</small></span><span class="number">${one.at_hand ? clock(one.seconds) : ""}</span>
      <span class="playlist-moves"><${Small} kind="up" sign="↑" label=${t("playlistsUp", { name })} reason=${n ? "" : t("playlistsAtTop")} onPress=${() => move(n, -1, "up")} />
      <${Small} kind="down" sign="↓" label=${t("playlistsDown", { name })} reason=${n < tracks.length - 1 ? "" : t("playlistsAtEnd")} onPress=${() => move(n, 1, "down")} />
      <${Small} kind="take" sign="✕" label=${t("playlistsTake", { name })} onPress=${() => take(n)} /></span></li>`;
  })}</ol>`;
}

/** `opened` is {name, title, defined, tracks}; without a name it is made anew. */
function ListSheet({ opened, onClose }) {
  const { name, defined, base } = opened;
  const [title, setTitle] = useState(opened.title);
  const [play, setPlay] = useState(playOf(defined));
  const [tracks, setTracks] = useState(() => (defined.items ? opened.tracks : []).map(row));
  const [choose, setChoose] = useState(() => Object.fromEntries(CHOICES.map((key) => [key, (defined.choose?.[key] ?? []).join(", ")])));
  const [problems, setProblems] = useState([]);
  const save = async () => {
    const called = name || nameFor(title, part("playlists"), "list");
    const wrong = await keep({ put: { playlists: { [called]: fieldsOf(defined, title.trim(), play, tracks, choose) } } }, base, look);
    setProblems(wrong);
    if (!wrong.length) onClose();
  };
  const length = tracks.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  return html`<${Sheet} title=${name ? t("playlistsChangeOf", { name: opened.title }) : t("playlistsNew")} onClose=${onClose}><div class="form week-form">
    <${Field} label=${t("playlistsName")} name="title" problems=${problems}><input name="title" data-first aria-label=${t("playlistsName")} maxlength="200" value=${title} onInput=${(event) => setTitle(event.currentTarget.value)} /></${Field}>
    <fieldset class="radios"><legend>${t("playlistsKind")}</legend>${PLAYS.map((one) => html`<label key=${one}><input type="radio" name="play" value=${one} checked=${play === one} onChange=${() => setPlay(one)} />${worded("play", one)}</label>`)}</fieldset>
    ${play === "rotate" ? CHOICES.map((key) => html`<${Field} key=${key} label=${worded("choose", key)} name=${key} problems=${problems}><input name=${key} aria-label=${worded("choose", key)} value=${choose[key]} onInput=${(event) => setChoose({ ...choose, [key]: event.currentTarget.value })} /></${Field}>`)
    : html`<p class="soft">${tracks.length ? `${t("playlistsTracks", { n: tracks.length, length: clock(length) })} · ${t("playlistsKeys")}` : t("playlistsEmpty")}</p>
      <${Tracks} tracks=${tracks} onTracks=${setTracks} /><${Find} onAdd=${(track) => setTracks([...tracks, row(track)])} />`}
    <${Otherwise} problems=${problems} shown=${["title", ...(play === "rotate" ? CHOICES : [])]} />
    <div class="row end"><button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
      <${Act} kind="main" data-act="save" reason=${reasonOf("schedule-edit") || (title.trim() ? "" : t("programmeNeedsTitle"))} onPress=${save}>${t("programmeSave")}</${Act}></div></div></${Sheet}>`;
}

function List({ one, onOpen }) {
  const users = usersOf(one.playlist);
  const used = users.join(", ");
  const open = async (isCopy) => {
    try {
      await learnSchedule();
      const { defined, tracks } = await ask("GET", `/playlists/${encodeURIComponent(one.playlist)}`);
      const base = inForce.value?.version?.version;
      onOpen(isCopy ? { title: t("playlistsCopied", { name: one.title }), defined, tracks, base } : { name: one.playlist, title: one.title, defined, tracks, base });
    } catch (error) {
      problem.value = error.message;
    }
  };
  const remove = async () => {
    const [wrong] = await keep({ remove: { playlists: [one.playlist] } }, inForce.value?.version?.version, look);
    if (wrong) problem.value = wrong.problem;
  };
  const tell = [worded("play", playOf(part("playlists")[one.playlist] ?? {})), one.seconds ? clock(one.seconds) : "", used && t("playlistsUsed", { names: used })];
  return html`<li data-playlist=${one.playlist}><div class="playlist-about"><h2>${one.title}</h2><p class="soft">${tell.filter(Boolean).join(" · ")}</p></div>
    <div class="acts"><button type="button" class="button" data-act="change" aria-label=${t("playlistsChangeOf", { name: one.title })} onClick=${() => open(false)}>${t("playlistsChange")}</button>
      <button type="button" class="button" data-act="copy" aria-label=${t("playlistsCopyOf", { name: one.title })} onClick=${() => open(true)}>${t("playlistsCopy")}</button>
      <${Act} data-act="remove" aria-label=${t("playlistsRemoveOf", { name: one.title })} reason=${reasonOf("schedule-edit") || (users.length ? t("playlistsInUse") : "")} onPress=${remove}>${t("programmeRemove")}</${Act}></div></li>`;
}

export function View() {
  const [opened, setOpened] = useState(null);
  useEffect(() => { learnSchedule(); look(); }, []);
  if (!lists.value || !inForce.value) return html`<p class="empty" role="status">${problem.value ? spoken(problem.value) : t("loading")}</p>`;
  return html`<div class="log-view playlists-page">
    <header class="row"><h1>${t("playlistsTitle")}</h1><${Act} kind="main" data-act="new" reason=${reasonOf("schedule-edit")} onPress=${() => setOpened({ title: "", defined: { items: [] }, tracks: [], base: inForce.value.version?.version })}>${t("playlistsNew")}</${Act}>
      <span class="gap"></span><${Version} look=${look} /></header>
    ${problem.value && html`<p class="bad" role="alert">${spoken(problem.value)}</p>`}
    <section class="panel">${lists.value.length ? html`<ul class="playlist-lists">${lists.value.map((one) => html`<${List} key=${one.playlist} one=${one} onOpen=${setOpened} />`)}</ul>`
    : html`<p class="empty">${t("playlistsNone")}</p>`}</section>
    ${opened && html`<${ListSheet} opened=${opened} onClose=${() => setOpened(null)} />`}</div>`;
}
