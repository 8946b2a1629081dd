/** The week: what each zone has when, day by day, as the station works it out. */

import { ask } from "../api.js";
import { html, signal, useEffect, useState } from "../dom.js";
import { clockTime } from "../parts.js";
import { live, site } from "../state.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { inLanguage, know, said, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  weekTitle: ["편성표", "Week"],
  weekBefore: ["지난주", "Week before"],
  weekThis: ["이번 주", "This week"],
  weekAfter: ["다음 주", "Week after"],
  weekDay: ["요일", "Day"],
  weekToday: ["오늘", "today"],
  weekNow: ["지금", "now"],
  weekHoliday: ["공휴일", "holiday"],
  weekZones: ["구역", "Zones"],
  weekEverywhere: ["전체", "everywhere"],
  weekCount: ["{n}개 구역", "{n} zones"],
  weekVersion: ["{n}판 · {who} · {at}", "version {n} · {who} · {at}"],
  weekNever: ["아직 편성한 것이 없습니다. 폴더의 음악이 나갑니다", "Nothing is scheduled yet; the folder's music plays"],
  weekMore: ["보이지 않는 것이 {n}개 더 있습니다. 구역을 고르십시오", "{n} more are not shown; choose zones"],
  sourcePlaylist: ["재생목록", "playlist"],
  sourceFolder: ["폴더 음악", "folder"],
  sourceLive: ["생방송", "live"],
  sourceNews: ["소식", "news"],
  sourceSilence: ["조용함", "silence"],
  sourceQuiet: ["조용한 시간", "quiet hours"],
});
await styled("views.css");
await styled("week.css");

const LOOK_MS = 15_000;
const DAY_MS = 86_400_000;
const WEEKDAYS = [
  ["일", "Sun"], ["월", "Mon"], ["화", "Tue"], ["수", "Wed"], ["목", "Thu"], ["금", "Fri"], ["토", "Sat"],
];

const first = signal("");
const week = signal(null);
const problem = signal("");

/** The week that is chosen, from the station; an answer that comes late is not shown. */
async function look() {
  const asked = first.value;
  try {
    const found = await ask("POST", "/schedule/week", asked ? { first: asked } : {});
    if (asked !== first.value) return;
    week.value = found;
    problem.value = "";
  } catch (error) {
    problem.value = error.message;
  }
}

const move = (days) => {
  const from = new Date(`${week.value.days[0].date}T00:00Z`);
  first.value = days ? new Date(from.getTime() + days * DAY_MS).toISOString().slice(0, 10) : "";
  look();
};

const zoneTime = (utc) => clockTime(new Date(utc), site.value?.time_zone).slice(0, 5);
const weekday = (date) => inLanguage(WEEKDAYS[new Date(`${date}T00:00Z`).getUTCDay()]);
const isWithin = (one, at) => Date.parse(one.begin) <= at && at < Date.parse(one.end);

/** Where it plays, as short as it can be said. */
function placeOf(ids) {
  const { zones, groups } = site.value;
  if (ids.length === zones.length) return t("weekEverywhere");
  if (ids.length === 1) return said(zones.find((one) => one.id === ids[0])?.name);
  const group = groups.find((one) => one.zones.length === ids.length && ids.every((id) => one.zones.includes(id)));
  return group ? said(group.name) : t("weekCount", { n: ids.length });
}

/** The blocks of a day, each cut to it, those of news between the others. */
const ofDay = (blocks, day) => blocks.filter((one) =>
  one.begin < day.end && (one.end > day.begin || (one.begin === one.end && one.begin >= day.begin)));

function Block({ block, day, at }) {
  const begin = block.begin < day.begin ? day.begin : block.begin;
  const end = block.end > day.end ? day.end : block.end;
  const isNow = block.source !== "news" && isWithin({ begin, end }, at);
  const till = end === day.end ? "24:00" : zoneTime(end);
  return html`<li class="week-block" data-source=${block.source} data-entry=${block.source === "news" ? null : block.name || null} data-now=${isNow}>
    <span class="number">${block.source === "news" ? zoneTime(begin) : `${zoneTime(begin)}–${till}`}</span>
    ${isNow && html` <b class="week-now">${t("weekNow")}</b>`}
    <b class="week-what">${block.title || (block.source === "folder" ? block.plays : "") || worded("source", block.source)}</b>
    <small>${worded("source", block.source)} · ${placeOf(block.zones)}</small></li>`;
}

function Day({ day, blocks, at, isChosen }) {
  const isToday = isWithin(day, at);
  return html`<section class="week-day" data-date=${day.date} data-today=${isToday} data-chosen=${isChosen} aria-label=${`${day.date} ${weekday(day.date)}`}>
    <h2>${weekday(day.date)} <span class="number">${day.date.slice(5)}</span>${isToday && html` <small>${t("weekToday")}</small>`}${day.is_holiday && html` <small class="week-holiday">${t("weekHoliday")}</small>`}</h2>
    <ol>${ofDay(blocks, day).map((one) => html`<${Block} key=${`${one.begin} ${one.name} ${one.zones[0]}`} block=${one} day=${day} at=${at} />`)}</ol></section>`;
}

/** Groups and zones, one of which is shown; "" is all of them. */
function ZoneChoice({ zone, onZone }) {
  const choices = [...site.value.groups, ...site.value.zones];
  return html`<label class="week-zones">${t("weekZones")}<select name="zones" value=${zone} onChange=${(event) => onZone(event.currentTarget.value)}>
    <option value="">${t("weekEverywhere")}</option>${choices.map((one) => html`<option key=${one.id} value=${one.id}>${said(one.name)}</option>`)}</select></label>`;
}

function Shown({ zone, chosen, onChosen }) {
  const { days, blocks, all } = week.value;
  const at = live.value.utc ? Date.parse(live.value.utc) : Date.now();
  const wanted = site.value.groups.find((one) => one.id === zone)?.zones ?? [zone];
  const shown = zone ? blocks.map((one) => ({ ...one, zones: one.zones.filter((id) => wanted.includes(id)) })).filter((one) => one.zones.length) : blocks;
  const open = days.some((one) => one.date === chosen) ? chosen : (days.find((one) => isWithin(one, at)) ?? days[0]).date;
  return html`<div class="chips week-days" role="group" aria-label=${t("weekDay")}>${days.map((one) =>
    html`<button type="button" class="chip" key=${one.date} aria-pressed=${one.date === open} onClick=${() => onChosen(one.date)}>${weekday(one.date)} ${Number(one.date.slice(8))}</button>`)}</div>
    ${all > blocks.length && html`<p class="bad">${t("weekMore", { n: all - blocks.length })}</p>`}
    <div class="week">${days.map((one) => html`<${Day} key=${one.date} day=${one} blocks=${shown} at=${at} isChosen=${one.date === open} />`)}</div>`;
}

export function View() {
  const [zone, setZone] = useState("");
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (!week.value || !site.value) {
    return html`<p class="empty" role="status">${problem.value ? spoken(problem.value) : t("loading")}</p>`;
  }
  const { version } = week.value;
  return html`<div class="log-view week-page">
    <header class="row"><h1>${t("weekTitle")}</h1>
      <div class="row week-move"><button type="button" class="button" onClick=${() => move(-7)}>${t("weekBefore")}</button>
      <button type="button" class="button" onClick=${() => move(0)}>${t("weekThis")}</button>
      <button type="button" class="button" onClick=${() => move(7)}>${t("weekAfter")}</button></div>
      <${ZoneChoice} zone=${zone} onZone=${setZone} /><span class="gap"></span>
      <span class="soft" data-version=${version?.version ?? 0}>${version ? t("weekVersion", { n: version.version, who: version.who, at: version.at.slice(0, 10) }) : t("weekNever")}</span></header>
    ${problem.value && html`<p class="bad" role="alert">${spoken(problem.value)}</p>`}
    <${Shown} zone=${zone} chosen=${chosen} onChosen=${setChosen} /></div>`;
}
