/** What each zone hears now and next, what the coming day will play, and what the studio does. */

import { change } from "../acts.js";
import { ask } from "../api.js";
import { html, signal, useEffect } from "../dom.js";
import { Act, clockTime, reasonOf } from "../parts.js";
import { Shape } from "../shapes.js";
import { site } from "../state.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, said, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  onAirTitle: ["지금 방송", "On air"],
  onAirZone: ["구역", "Zone"],
  onAirNow: ["지금", "Now"],
  onAirEnds: ["끝", "Ends"],
  onAirNext: ["다음", "Next"],
  onAirSent: ["송출", "Sent"],
  onAirSkip: ["건너뛰기", "Skip"],
  onAirHold: ["이 곡까지만", "Hold after this"],
  onAirBack: ["편성으로", "Hand back"],
  onAirDone: ["{zone}: 했습니다", "{zone}: done"],
  onAirEverywhere: ["전체", "everywhere"],
  onAirDay: ["앞으로 하루", "The coming day"],
  onAirAt: ["시각", "At"],
  onAirWhat: ["곡", "Track"],
  onAirEntry: ["편성", "Entry"],
  onAirFolder: ["폴더", "folder"],
  onAirAllGood: ["편성한 것이 모두 나갈 수 있습니다", "Everything that is planned can be played"],
  onAirFindings: ["나가지 못하는 것", "What cannot be played"],
  playsMusic: ["음악", "music"],
  playsNews: ["소식", "news"],
  playsJingle: ["징글", "jingle"],
  playsIdent: ["방송국 이름", "ident"],
  playsTimeSignal: ["시보", "time signal"],
  playsLive: ["생방송", "live"],
  playsSilence: ["조용함", "silence"],
  playsChime: ["차임", "chime"],
  playsAnnouncement: ["안내", "announcement"],
  playsWarning: ["경보", "warning"],
});
await styled("views.css");

const LOOK_MS = 2000;
const MOST_TRACKS = 60;
const zones = signal(null);
const coming = signal(null);
const problem = signal("");

async function look() {
  try {
    zones.value = (await ask("GET", "/now-playing")).zones;
    problem.value = "";
  } catch (error) {
    problem.value = error.message;
  }
}

async function lookAhead() {
  try {
    coming.value = await ask("GET", "/schedule/preview?days=1");
  } catch (error) {
    problem.value = error.message;
  }
}

const steer = (act, names, called) =>
  change("POST", "/steer", { act, zones: names }, () => t("onAirDone", { zone: called }), look);

const at = (utc) => (utc ? clockTime(new Date(utc), site.value?.time_zone) : "");
const names = (track) => (track ? [track.title, track.artist].filter(Boolean).join(" · ") : "");

function Steering({ zones: chosen, called }) {
  const reason = reasonOf("steer");
  return html`<div class="row">
    <${Act} kind="small" reason=${reason} onPress=${() => steer("skip", chosen, called)} data-act="skip">${t("onAirSkip")}</${Act}>
    <${Act} kind="small" reason=${reason} onPress=${() => steer("hold", chosen, called)} data-act="hold">${t("onAirHold")}</${Act}>
    <${Act} kind="small" reason=${reason} onPress=${() => steer("hand-back", chosen, called)} data-act="hand-back">${t("onAirBack")}</${Act}></div>`;
}

function Playing({ zone }) {
  const called = said(zone.zone_name);
  return html`<tr data-zone=${zone.zone} data-kind=${zone.kind}><th scope="row">${called}</th>
    <td>${worded("plays", zone.kind)} ${zone.kind === "silence" || zone.kind === "chime" ? "" : names(zone)}</td><td class="number">${at(zone.ends)}</td>
    <td>${names(zone.next)}</td><td><${Shape} of=${zone.sent === null ? "unknown" : zone.sent ? "yes" : "no"} /></td>
    <td><${Steering} zones=${[zone.zone]} called=${called} /></td></tr>`;
}

function Coming({ seen }) {
  const tracks = seen.tracks.slice(0, MOST_TRACKS);
  return html`<section class="panel"><h2>${t("onAirDay")}</h2>
    ${seen.findings.length ? html`<h3>${t("onAirFindings")}</h3><ul>${seen.findings.map((one) =>
      html`<li key=${one.begin + one.entry + one.reason}>${at(one.begin)} ${one.entry} ${spoken(one.reason)}; ${spoken(one.remedy)}</li>`)}</ul>`
      : html`<p><${Shape} of="yes" /> ${t("onAirAllGood")}</p>`}
    <div class="wide" tabindex="0" role="region" aria-label=${t("onAirDay")}><table><thead><tr><th scope="col">${t("onAirAt")}</th><th scope="col">${t("onAirWhat")}</th><th scope="col">${t("onAirEntry")}</th><th scope="col">${t("onAirZone")}</th></tr></thead>
      <tbody>${tracks.map((one, number) => html`<tr key=${number}><td class="number">${at(one.at)}</td><td>${names(one)}</td><td>${one.entry || t("onAirFolder")}</td><td>${one.zones.length === 1 ? one.zones[0] : one.zones.length}</td></tr>`)}</tbody></table></div></section>`;
}

export function View() {
  useEffect(() => {
    look();
    lookAhead();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const all = (zones.value ?? []).map((one) => one.zone);
  return html`<div class="log-view on-air-page">
    <header class="row"><h1>${t("onAirTitle")}</h1><span class="gap"></span>${all.length > 0 && html`<${Steering} zones=${all} called=${t("onAirEverywhere")} />`}</header>
    ${problem.value && html`<p class="bad" role="alert">${spoken(problem.value)}</p>`}
    <section class="panel"><div class="wide" tabindex="0" role="region" aria-label=${t("onAirTitle")}><table><thead><tr><th scope="col">${t("onAirZone")}</th><th scope="col">${t("onAirNow")}</th><th scope="col">${t("onAirEnds")}</th><th scope="col">${t("onAirNext")}</th><th scope="col">${t("onAirSent")}</th><td></td></tr></thead>
      <tbody>${(zones.value ?? []).map((one) => html`<${Playing} key=${one.zone} zone=${one} />`)}</tbody></table></div></section>
    ${coming.value && html`<${Coming} seen=${coming.value} />`}
  </div>`;
}
