/** The journal as people read it: each warning with its measured path, and everything on record. */

import { ask } from "../api.js";
import { html, useEffect, useState } from "../dom.js";
import { asCsv, kindWord, sentenceOf, titleOf } from "../log-lines.js";
import { Act, clockTime } from "../parts.js";
import { Shape } from "../shapes.js";
import { may, me, site, zoneById } from "../state.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, said, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  logTitle: ["기록", "Log"],
  logForbidden: ["기록을 볼 권한이 없는 역할로 로그인했습니다", "Your role does not include reading the log"],
  logWarnings: ["경보와 훈련", "Warnings and exercises"],
  logNoWarnings: ["기록된 경보가 없습니다", "No warning is on record"],
  logAll: ["모든 기록", "Everything on record"],
  logZone: ["구간", "Zone"],
  logTime: ["시각", "Time"],
  logKind: ["종류", "Kind"],
  logWhat: ["내용", "What"],
  logMore: ["더 보기", "Show more"],
  logExport: ["CSV로 저장", "Save as CSV"],
  logExportHelp: ["지금 보이는 {n}건", "The {n} entries shown"],
  logLoading: ["기록을 읽는 중…", "Reading the log…"],
  logEmpty: ["기록이 없습니다", "Nothing is on record"],
  logAgain: ["새로 읽기", "Read again"],
  logSteps: ["경과", "Steps"],
  logPath: ["측정된 경로: 접수부터", "Measured path, from the event"],
  logNoPath: ["측정된 경로가 기록되지 않았습니다", "No measured path is on record"],
  logFirst: ["첫 패킷", "first packet"],
  logSent: ["송출 확인", "sent"],
  logArrived: ["도착 확인", "arrived"],
  logPathOf: ["결정 {decided} ms · 기록 {journalled} ms · 편성 {planned} ms", "decided {decided} ms · recorded {journalled} ms · planned {planned} ms"],
});
await styled("views.css");

const KINDS = ["", "alert", "act", "as_run", "fault", "audit"];
const PAGE = 100;

const when = (utc) => `${new Intl.DateTimeFormat("sv-SE", { timeZone: site.value?.time_zone }).format(new Date(utc))} ${clockTime(new Date(utc), site.value?.time_zone)}`;
const Time = ({ utc }) => html`<time class="number" datetime=${utc}>${when(utc)}</time>`;

const pageOf = (query) => ask("GET", `/journal?${new URLSearchParams(query)}`);

/** Entries of one kind, page by page: {entries, before, problem, isLoading}. */
function usePages(kind) {
  const [pages, setPages] = useState({ kind, entries: [], before: undefined, isLoading: true });
  async function load(isFirst) {
    const known = isFirst ? { entries: [] } : pages;
    setPages({ ...known, kind, isLoading: true });
    const query = { limit: PAGE, ...(kind && { kind }), ...(!isFirst && pages.before && { before: pages.before }) };
    try {
      const { entries, before } = await pageOf(query);
      setPages({ kind, entries: [...known.entries, ...entries], before, isLoading: false });
    } catch (error) {
      setPages({ ...known, kind, problem: error.message, isLoading: false });
    }
  }
  useEffect(() => { load(true); }, [kind]);
  return [pages, load];
}

function Bars({ path }) {
  const found = Object.entries(path.zones ?? {});
  const longest = Math.max(1, ...found.flatMap(([, one]) => [one.first_packet_ms, one.sent_ms, one.arrived_ms].filter(Number.isFinite)));
  const cell = (ms) => html`<td class="number">${Number.isFinite(ms) ? t("ms", { n: Math.round(ms) }) : "–"}</td>`;
  return html`<p class="soft number">${t("logPathOf", { decided: path.decided_ms ?? "?", journalled: path.journalled_ms ?? "?", planned: path.planned_ms ?? "?" })}</p>
    <table class="path"><thead><tr><th scope="col">${t("logZone")}</th><th scope="col">${t("logFirst")}</th><th scope="col">${t("logSent")}</th><th scope="col">${t("logArrived")}</th><td></td></tr></thead>
    <tbody>${found.map(([id, one]) => html`<tr><th scope="row">${said(zoneById.value.get(id)?.name) || id}</th>${cell(one.first_packet_ms)}${cell(one.sent_ms)}${cell(one.arrived_ms)}
      <td class="bars" aria-hidden="true"><span class="bar"><span style=${{ transform: `scaleX(${(one.arrived_ms ?? one.sent_ms ?? one.first_packet_ms ?? 0) / longest})` }}></span></span></td></tr>`)}</tbody></table>`;
}

/** One alert's life as it is on record. */
function Report({ id }) {
  const [known, setKnown] = useState(null);
  useEffect(() => {
    Promise.all([ask("GET", `/alerts/${encodeURIComponent(id)}`), pageOf({ kind: "as_run", subject: id, limit: 20 })]).then(
      ([{ alert, history }, { entries }]) => setKnown({ history, path: entries.find((one) => one.facts.path)?.facts.path ?? alert?.path }),
      (error) => setKnown({ problem: error.message }),
    );
  }, [id]);
  if (!known) return html`<p class="soft">${t("logLoading")}</p>`;
  if (known.problem) return html`<p class="bad" role="alert">${spoken(known.problem)}</p>`;
  return html`<div class="report"><div><h4>${t("logPath")}</h4>${known.path ? html`<${Bars} path=${known.path} />` : html`<p class="soft">${t("logNoPath")}</p>`}</div>
    <div><h4>${t("logSteps")}</h4><ol class="steps">${known.history.filter((one) => one.facts.event !== "degrade").map((one) => html`<li><${Time} utc=${one.utc} /> ${sentenceOf(one, false)}</li>`)}</ol></div></div>`;
}

function Warned({ entry }) {
  const [isOpen, setOpen] = useState(false);
  const alert = entry.facts.alert ?? entry.facts.exercise ?? {};
  const isExercise = entry.facts.nature === "exercise";
  return html`<details class="card warned" data-alert=${entry.subject} data-nature=${entry.facts.nature} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary><${Shape} of=${isExercise ? "exercise" : "warning"} /> <b>${titleOf(entry)}</b> <span class="soft">${worded("state", entry.facts.to)} · ${t("zonesCount", { n: alert.zones?.length ?? 0 })} · <${Time} utc=${entry.utc} /></span></summary>
    ${isOpen && html`<${Report} id=${entry.subject} />`}
  </details>`;
}

/** The newest entry of each warning and exercise. */
function Warnings() {
  const [pages] = usePages("alert");
  const newest = new Map();
  for (const entry of pages.entries) {
    if (entry.facts.nature !== "self-test" && !newest.has(entry.subject)) newest.set(entry.subject, entry);
  }
  return html`<section class="panel"><h2>${t("logWarnings")}</h2>
    ${newest.size === 0 && html`<p class="soft">${t(pages.isLoading ? "logLoading" : "logNoWarnings")}</p>`}
    <div class="warned-list">${[...newest.values()].map((entry) => html`<${Warned} key=${entry.subject} entry=${entry} />`)}</div></section>`;
}

function save(entries) {
  const file = new Blob([asCsv(entries, when)], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `sorigil-log-${when(new Date().toISOString()).replace(/[: ]/g, "-")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function Everything() {
  const [kind, setKind] = useState("");
  const [pages, load] = usePages(kind);
  const entries = pages.kind === kind ? pages.entries : [];
  return html`<section class="panel"><h2>${t("logAll")}</h2>
    <div class="map-bar"><div class="chips" role="group" aria-label=${t("logKind")}>${KINDS.map((one) => html`<button type="button" class="chip" aria-pressed=${kind === one} onClick=${() => setKind(one)}>${kindWord(one)}</button>`)}</div><span class="gap"></span>
      <button type="button" class="button" onClick=${() => load(true)}>${t("logAgain")}</button>
      <${Act} onPress=${() => save(entries)} reason=${entries.length ? "" : t("logEmpty")} title=${t("logExportHelp", { n: entries.length })}>${t("logExport")}</${Act}></div>
    ${pages.problem && html`<p class="bad" role="alert">${spoken(pages.problem)}</p>`}
    <div class="wide" tabindex="0" role="region" aria-label=${t("logAll")}><table class="entries"><thead><tr><th scope="col">${t("logTime")}</th><th scope="col">${t("logKind")}</th><th scope="col">${t("logWhat")}</th></tr></thead>
      <tbody>${entries.map((entry) => html`<tr key=${entry.sequence}><td><${Time} utc=${entry.utc} /></td><td>${kindWord(entry.kind)}</td><td>${sentenceOf(entry)}</td></tr>`)}</tbody></table></div>
    <p class="soft" role="status">${pages.isLoading ? t("logLoading") : entries.length ? "" : t("logEmpty")}</p>
    ${pages.before && html`<button type="button" class="button" onClick=${() => load(false)}>${t("logMore")}</button>`}
  </section>`;
}

export function View() {
  if (!me.value || !site.value) return html`<p class="empty">${t("loading")}</p>`;
  if (!may("read-journal")) return html`<p class="empty">${t("logForbidden")}</p>`;
  return html`<div class="log-view"><h1>${t("logTitle")}</h1><${Warnings} /><${Everything} /></div>`;
}
