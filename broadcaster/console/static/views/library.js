/** The recordings: find them, send new ones in, say what they are for. For the radio staff. */

import { change, notify } from "../acts.js";
import { ask } from "../api.js";
import { html, signal, useEffect, useState } from "../dom.js";
import { Act, Sheet, reasonOf } from "../parts.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  libraryTitle: ["음반 자료", "Library"],
  libraryFind: ["제목, 음악가, 음반, 꼬리표로 찾기", "Find by title, artist, album or tag"],
  libraryCount: ["모두 {count}곡", "{count} recordings in all"],
  libraryName: ["제목", "Title"],
  libraryArtist: ["음악가", "Artist"],
  libraryLength: ["길이", "Length"],
  libraryRole: ["쓰임", "For"],
  libraryTags: ["꼬리표 (쉼표로 나눔)", "Tags, separated by commas"],
  libraryUntil: ["마지막 방송일", "May be played until"],
  librarySend: ["파일 올리기", "Send files in"],
  librarySent: ["{name}: 올렸습니다. 곧 자료에 들어옵니다", "{name}: sent in, and brought in soon"],
  libraryRefused: ["{name}: 들일 수 없습니다. {reason}", "{name}: refused. {reason}"],
  libraryWaiting: ["들이는 중: {count}", "Being brought in: {count}"],
  libraryChange: ["바꾸기…", "Change…"],
  libraryChangeTitle: ["{name} 바꾸기", "Change {name}"],
  librarySave: ["저장", "Save"],
  librarySaved: ["{name}: 저장했습니다", "{name}: saved"],
  libraryNone: ["찾은 것이 없습니다", "Nothing found"],
  roleMusic: ["음악", "music"],
  roleNews: ["소식", "news"],
  roleJingle: ["징글", "jingle"],
  roleIdent: ["방송국 이름", "ident"],
  roleTimeSignal: ["시보", "time signal"],
});
await styled("views.css");

const ROLES = ["music", "news", "jingle", "ident", "time-signal"];
const LOOK_MS = 2000;
const found = signal(null);
const words = signal("");
const uploads = signal([]);

async function find() {
  try {
    found.value = await ask("GET", `/library/recordings?most=100&words=${encodeURIComponent(words.value)}`);
  } catch (error) {
    notify("bad", () => spoken(error.message));
  }
}

/** Look what became of the files that were sent in; when one was brought in, the list is new. */
async function lookAtUploads() {
  const before = uploads.value.filter((one) => one.state === "imported").length;
  try {
    uploads.value = (await ask("GET", "/library/uploads")).uploads;
  } catch {
    return; // the station's state line says that it does not answer
  }
  if (uploads.value.filter((one) => one.state === "imported").length !== before) await find();
}

async function send(files) {
  for (const file of files) {
    const answer = await fetch(`/api/v1/library/uploads?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    const text = await answer.json();
    if (answer.ok) notify("good", () => t("librarySent", { name: file.name }));
    else notify("bad", () => t("libraryRefused", { name: file.name, reason: spoken(text.detail) }));
  }
  await lookAtUploads();
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;

function ChangeSheet({ recording, onClose }) {
  const [title, setTitle] = useState(recording.title);
  const [tags, setTags] = useState((recording.tags ?? []).join(", "));
  const [role, setRole] = useState(recording.role ?? "music");
  const [until, setUntil] = useState(recording.valid_until ?? "");
  const save = async () => {
    const listed = tags.split(",").map((one) => one.trim()).filter(Boolean);
    const body = { title: title || null, tags: listed, role, valid_until: until || null };
    const done = () => t("librarySaved", { name: title || recording.title });
    if (await change("PATCH", `/library/recordings/${recording.id}`, body, done, find)) onClose();
  };
  return html`<${Sheet} title=${t("libraryChangeTitle", { name: recording.title })} kind="narrow" onClose=${onClose}><div class="form">
    <label>${t("libraryName")}<input value=${title} data-first name="title" maxlength="1000" onInput=${(event) => setTitle(event.currentTarget.value)} /></label>
    <label>${t("libraryTags")}<input value=${tags} name="tags" onInput=${(event) => setTags(event.currentTarget.value)} /></label>
    <label>${t("libraryRole")}<select value=${role} name="role" onChange=${(event) => setRole(event.currentTarget.value)}>${ROLES.map((one) => html`<option key=${one} value=${one}>${worded("role", one)}</option>`)}</select></label>
    <label>${t("libraryUntil")}<input type="date" value=${until} name="until" onInput=${(event) => setUntil(event.currentTarget.value)} /></label>
    <div class="row end"><button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
      <${Act} kind="main" reason=${reasonOf("recording-say")} onPress=${save} data-act="save">${t("librarySave")}</${Act}></div></div></${Sheet}>`;
}

function Recording({ recording, onChange }) {
  return html`<tr data-recording=${recording.id}><th scope="row">${recording.title}</th><td>${recording.artist}</td>
    <td class="number">${clock(recording.cue_out - (recording.cue_in ?? 0))}</td><td>${worded("role", recording.role ?? "music")}</td><td>${(recording.tags ?? []).join(", ")}</td>
    <td><button type="button" class="button small" onClick=${() => onChange(recording)} aria-label=${t("libraryChangeTitle", { name: recording.title })}>${t("libraryChange")}</button></td></tr>`;
}

export function View() {
  const [changed, setChanged] = useState(null);
  useEffect(() => {
    find();
    lookAtUploads();
    const timer = setInterval(lookAtUploads, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const listed = found.value?.recordings ?? [];
  const waiting = uploads.value.filter((one) => one.state === "waiting").length;
  const refused = uploads.value.filter((one) => one.state === "refused");
  const mayUpload = !reasonOf("upload");
  return html`<div class="log-view library-page">
    <header class="row"><h1>${t("libraryTitle")}</h1><span class="soft">${found.value && t("libraryCount", { count: found.value.all })}</span><span class="gap"></span>
      ${waiting > 0 && html`<span role="status">${t("libraryWaiting", { count: waiting })}</span>`}
      ${mayUpload && html`<label>${t("librarySend")} <input type="file" multiple accept="audio/*" onChange=${(event) => send([...event.currentTarget.files])} /></label>`}</header>
    ${refused.map((one) => html`<p key=${one.upload} class="bad">${t("libraryRefused", { name: one.upload, reason: spoken(one.reason) })}</p>`)}
    <section class="panel"><div class="form"><label>${t("libraryFind")}<input type="search" name="words" value=${words.value} onInput=${(event) => { words.value = event.currentTarget.value; find(); }} /></label></div>
      <div class="wide" tabindex="0" role="region" aria-label=${t("libraryTitle")}><table><thead><tr><th scope="col">${t("libraryName")}</th><th scope="col">${t("libraryArtist")}</th><th scope="col">${t("libraryLength")}</th><th scope="col">${t("libraryRole")}</th><th scope="col">${t("libraryTags")}</th><td></td></tr></thead>
        <tbody>${listed.map((one) => html`<${Recording} key=${one.id} recording=${one} onChange=${setChanged} />`)}</tbody></table></div>
      ${found.value && !listed.length && html`<p class="empty">${t("libraryNone")}</p>`}</section>
    ${changed && html`<${ChangeSheet} key=${changed.id} recording=${changed} onClose=${() => setChanged(null)} />`}
  </div>`;
}
