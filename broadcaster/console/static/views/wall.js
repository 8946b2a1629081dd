/** The screen on the wall: everything from afar, nothing to press, nothing to scroll. */

import { look, lookWord } from "../diagram.js";
import { html, useEffect } from "../dom.js";
import { clockTime } from "../parts.js";
import { Shape } from "../shapes.js";
import { age, exercises, faults, heardIn, isOld, live, now, site, sounding, stationName, waiting, zones } from "../state.js";
import { styled } from "../style.js";
import { know, lasting, otherwise, said, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  wallQuiet: ["진행 중인 경보 없음", "No warning is running"],
  wallLeave: ["상황 화면으로", "To the overview"],
  wallZones: ["구간별 상태", "Zones"],
  wallFaults: ["이상 {n}건", "{n} faults"],
  wallWaiting: ["결정 대기 {n}건", "{n} waiting for a decision"],
});
await styled("views.css");

const VERSION_LOOK_MS = 60_000;
const MOST_SHOWN = 3;
const ARRIVED = new Set(["heard", "broken"]);

const stationNow = () => Date.parse(live.value.utc) + Math.max(0, now.value - live.value.heard);

/** Load the page anew when the station serves another version of it. */
function useNewVersion() {
  useEffect(() => {
    let first = null;
    const look_ = async () => {
      const answer = await fetch("/wall", { method: "HEAD", cache: "no-store" }).catch(() => null);
      const tag = answer?.headers.get("ETag");
      if (tag && first && tag !== first) location.reload();
      first ??= tag ?? null;
    };
    look_();
    const timer = setInterval(look_, VERSION_LOOK_MS);
    return () => clearInterval(timer);
  }, []);
}

function Warning({ alert }) {
  const found = alert.zones.map((id) => ({ id, ...heardIn(alert, id) }));
  const isExercise = alert.nature === "exercise";
  const raised = Date.parse(alert.raised_at);
  const names = found.map(({ id, zone }) => said(zone?.name) || id);
  return html`<article class="wall-alert" data-kind=${isExercise ? "exercise" : "warning"}>
    <${Shape} of=${isExercise ? "exercise" : "warning"} big />
    <div><h2>${isExercise ? `${t("exercise")}: ` : ""}${said(alert.title)} <small>${otherwise(alert.title)}</small></h2>
      <p>${[!isExercise && worded("level", alert.level_name), worded("state", alert.state), Number.isFinite(raised) && t("elapsed", { t: lasting((stationNow() - raised) / 1000) })].filter(Boolean).join(" · ")}</p>
      <p class="wall-names">${names.join(", ")}</p></div>
    <p class="wall-heard"><b>${found.filter((one) => ARRIVED.has(one.fact)).length}/${found.length}</b><span>${worded("hear", "heard")}</span></p>
  </article>`;
}

function Tile({ zone }) {
  const is = look(zone);
  return html`<li class="wall-tile" data-look=${is} style=${{ flexGrow: zone.end_m - zone.start_m }}>
    <span class="wall-name">${said(zone.short)}</span>
    <span class="wall-state"><${Shape} of=${is} big /><span>${lookWord(zone)}</span></span>
    <span class="wall-title">${is === "hush" ? "" : zone.titles.map(said).join(", ") || (zone.commanded?.title ?? "")}</span></li>`;
}

export function View() {
  useNewVersion();
  if (!site.value || !live.value.utc) return html`<p class="empty">${t("loading")}</p>`;
  const running = [...sounding.value, ...exercises.value];
  const clock = clockTime(new Date(stationNow()), site.value.time_zone);
  const hour = Number(clock.slice(0, 2));
  return html`<div class="wall" data-night=${hour >= 22 || hour < 6} data-old=${isOld.value}>
    <header><h1>${said(stationName.value)}</h1><a href="/">${t("wallLeave")}</a><span class="gap"></span>
      <span class="wall-link" data-old=${isOld.value}><${Shape} of=${isOld.value ? "no" : "link"} /> ${t(isOld.value ? "linkOld" : "linkLive", { s: age.value === null ? "" : age.value.toFixed(1) })}</span>
      <span class="wall-clock">${clock}</span></header>
    <section class="wall-alerts" role="status">${running.length
      ? running.slice(0, MOST_SHOWN).map((alert) => html`<${Warning} key=${alert.id} alert=${alert} />`)
      : html`<p class="wall-quiet"><${Shape} of="yes" /> ${t("wallQuiet")}</p>`}
      ${running.length > MOST_SHOWN && html`<p class="wall-quiet">+${running.length - MOST_SHOWN}</p>`}
      ${waiting.value.length > 0 && html`<p class="wall-waiting"><${Shape} of="waiting" /> ${t("wallWaiting", { n: waiting.value.length })}: ${waiting.value.map((one) => said(one.title)).join(", ")}</p>`}
      ${faults.value.length > 0 && html`<p class="wall-fault"><${Shape} of="no" /> ${t("wallFaults", { n: faults.value.length })}</p>`}</section>
    <div class="field">${site.value.paths.map((path) => html`<section key=${path.id}><h2>${said(path.name)}</h2>
      <ul class="wall-line" aria-label=${`${said(path.name)}: ${t("wallZones")}`}>${zones.value.filter((zone) => zone.path === path.id).map((zone) => html`<${Tile} key=${zone.id} zone=${zone} />`)}</ul></section>`)}</div>
  </div>`;
}
