/** The schedule as the pages of the radio staff change it: tried first, kept, and taken back. */

import { notify } from "./acts.js";
import { ask, newKey } from "./api.js";
import { html, signal, useEffect, useId, useState } from "./dom.js";
import { Act, Sheet, dateAndTime, reasonOf } from "./parts.js";
import { spoken } from "./station-words.js";
import { know, t } from "./words.js";

/** [Korean, English]. */
know({
  programmeVersion: ["{n}판 · {who} · {at}", "version {n} · {who} · {at}"],
  programmeNever: ["아직 편성한 것이 없습니다", "Nothing is scheduled yet"],
  programmeKept: ["저장했습니다: {n}판", "Saved as version {n}"],
  programmeUndo: ["되돌리기", "Undo"],
  programmeUndone: ["되돌렸습니다: {n}판", "Taken back: version {n}"],
  programmeChanged: ["그사이 {who} 님이 바꿨습니다({n}판). 확인하고 다시 누르십시오", "{who} has changed it meanwhile (version {n}): look at it, then press again"],
  programmeNoUndo: ["되돌릴 것이 없습니다", "There is nothing to take back"],
  programmeVersions: ["바뀐 내역…", "History…"],
  programmeVersionsTitle: ["편성이 바뀐 내역", "What changed, newest first"],
  programmeBack: ["{n}판으로", "Back to version {n}"],
  programmeSave: ["저장", "Save"],
  programmeRemove: ["지우기", "Remove"],
  programmeNeedsTitle: ["이름을 적으십시오", "Give it a name"],
  programmeAdded: ["추가", "added"],
  programmeRemoved: ["지움", "removed"],
  sectionEntries: ["편성", "Entry"],
  sectionPlaylists: ["재생목록", "Playlist"],
  sectionNews: ["소식", "News"],
  sectionSources: ["생방송", "Live source"],
  keyTitle: ["이름", "name"],
  keyItems: ["곡", "tracks"],
  keyZones: ["구역", "zones"],
  keyFirst: ["처음", "first time"],
  keyLength: ["길이", "length"],
  keyRule: ["반복", "repeats"],
  keyRank: ["순위", "rank"],
  keyPlaylist: ["재생목록", "playlist"],
  keyHolidays: ["공휴일", "holidays"],
  keyStart: ["시작", "start"],
});

await import("./programme-sentences.js");

/** {version, schedule}: what is in force, as GET /schedule gives it; null until known. */
export const inForce = signal(null);

export async function learnSchedule() {
  try {
    inForce.value = await ask("GET", "/schedule");
  } catch {
    return; // the page asks for more, and says that the station does not answer
  }
}
export const part = (section) => inForce.value?.schedule[section] ?? {};

/** What a change would make of a week from `first` on; nothing is kept. */
export const tried = (edit, first) => ask("POST", "/schedule/week", { ...edit, ...(first ? { first } : {}) });

/**
 * Keep a change made from version `base`, and `look` anew. Gives what is wrong with it, a list of
 * {field, problem, hint}: nothing when it is kept.
 */
export async function keep(edit, base, look) {
  try {
    const { problems } = await tried(edit);
    if (problems.length) return problems;
    const { version: n } = await ask("PATCH", "/schedule", { ...edit, base: base ?? null }, newKey());
    notify("good", () => t("programmeKept", { n }));
    return [];
  } catch (error) {
    return [{ field: "", problem: error.message, hint: "" }];
  } finally {
    await Promise.all([learnSchedule(), look()]);
  }
}

/** Go back to a version, without one to the last but one; not over what was changed unseen. */
async function goBack(version, look) {
  const seen = inForce.value?.version?.version;
  try {
    await learnSchedule();
    const now = inForce.value?.version;
    if (now?.version !== seen) {
      notify("bad", () => t("programmeChanged", { who: now.who, n: now.version }));
      return;
    }
    const { version: n } = await ask("POST", "/schedule/undo", version ? { version } : {}, newKey());
    notify("good", () => t("programmeUndone", { n }));
  } catch (error) {
    notify("bad", () => spoken(error.message));
  } finally {
    await Promise.all([learnSchedule(), look()]);
  }
}

/** A name for what people call `title`, as the schedule wants it, that is not taken. */
export function nameFor(title, taken, kind) {
  const plain = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 30) || kind;
  let name = plain;
  for (let n = 2; name in taken; n += 1) name = `${plain}-${n}`;
  return name;
}

const upper = (word) => word[0].toUpperCase() + word.slice(1);
const known = (group, word) => (t(group + upper(word)) === group + upper(word) ? word : t(group + upper(word)));

/** `entries morning: rank 50 -> 60` in the screen's language; `titles` are those of the names. */
export function changeInWords(sentence) {
  const [, section, name, what] = /^(\w+) ([^:]+): (.*)$/s.exec(sentence) ?? [];
  if (!section) return sentence;
  const called = part(section)[name]?.title ?? name;
  const said = { added: t("programmeAdded"), removed: t("programmeRemoved") }[what]
    ?? what.replace(/(^|, )([a-z_]+) (?=[^,]* -> |\[)/g, (_, before, key) => `${before}${known("key", key)} `).replaceAll(" -> ", " → ");
  return `${known("section", section)} ‘${called}’: ${said}`;
}

/** A problem at its field needs not say which entry or list it is about. */
const own = (sentence) => spoken(sentence.replace(/^(entry|playlist) "[^"]*": /, ""));

/** A field with its label; `problems` are all that are known, of which those of `name` are shown. */
export function Field({ label, name, problems, children }) {
  const id = useId();
  const mine = problems.filter((one) => [name].flat().includes(one.field));
  return html`<div class="week-field" data-field=${[name].flat()[0]} role="group" aria-label=${label} aria-describedby=${mine.length ? id : null}>
    <span class="week-label" aria-hidden="true">${label}</span>${children}
    ${mine.length > 0 && html`<p class="bad" id=${id} role="alert">${mine.map((one) => `${own(one.problem)}${one.hint ? ` (${spoken(one.hint)})` : ""}`).join(" ")}</p>`}</div>`;
}

/** What is wrong that belongs to none of the `shown` fields. */
export function Otherwise({ problems, shown }) {
  const left = problems.filter((one) => !shown.includes(one.field));
  return left.length > 0 && html`<p class="bad" role="alert">${left.map((one) => spoken(one.problem)).join(" ")}</p>`;
}

function Versions({ look, onClose }) {
  const [found, setFound] = useState(null);
  useEffect(() => { ask("GET", "/schedule/versions").then(setFound, (error) => setFound({ versions: [], problem: error.message })); }, []);
  const back = async (version) => { await goBack(version, look); onClose(); };
  return html`<${Sheet} title=${t("programmeVersionsTitle")} onClose=${onClose}>
    ${!found && html`<p class="soft">${t("loading")}</p>`}${found?.problem && html`<p class="bad">${spoken(found.problem)}</p>`}
    <ol class="week-versions">${found?.versions.map((one, n) => html`<li key=${one.version}><div><b>${t("programmeVersion", { n: one.version, who: one.who, at: dateAndTime(Date.parse(one.at) / 1000).slice(0, 16) })}</b> <span class="soft">${one.why}</span>
      <ul>${one.changes.map((each) => html`<li>${changeInWords(each)}</li>`)}</ul></div>
      ${n > 0 && html`<${Act} kind="small" reason=${reasonOf("schedule-undo")} onPress=${() => back(one.version)}>${t("programmeBack", { n: one.version })}</${Act}>`}</li>`)}</ol></${Sheet}>`;
}

/** Which version is in force, with the way back. */
export function Version({ look }) {
  const [isOpen, setOpen] = useState(false);
  const version = inForce.value?.version;
  if (!inForce.value) return null;
  const reason = reasonOf("schedule-undo") || (version?.version > 1 ? "" : t("programmeNoUndo"));
  return html`<div class="row week-version"><span class="soft" data-version=${version?.version ?? 0}>${version
    ? t("programmeVersion", { n: version.version, who: version.who, at: dateAndTime(Date.parse(version.at) / 1000).slice(0, 16) }) : t("programmeNever")}</span>
    ${version && html`<${Act} kind="small" data-act="undo" reason=${reason} onPress=${() => goBack(null, look)}>${t("programmeUndo")}</${Act}>
    <button type="button" class="button small" onClick=${() => setOpen(true)}>${t("programmeVersions")}</button>`}
    ${isOpen && html`<${Versions} look=${look} onClose=${() => setOpen(false)} />`}</div>`;
}
