/** The week: what each zone has when, day by day, as the station works it out; entries are changed here. */

import { ask } from "../api.js";
import { html, signal, useEffect, useState } from "../dom.js";
import { EntrySheet, WEEKDAYS } from "../entry-sheet.js";
import { Act, clockTime, reasonOf } from "../parts.js";
import { Version, inForce, learnSchedule, part } from "../programme.js";
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
  weekAdd: ["편성 추가…", "Add an entry…"],
  weekEntries: ["편성한 것 모두 ({n})", "Every entry ({n})"],
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

const first = signal("");
const week = signal(null);
const problem = signal("");

/** The week that is chosen, from the station; an answer that comes late is not shown. */
async function look() {
  const asked = first.value;
  try {
    const found = await ask("POST", "/schedule/week", asked ? { first: asked } : {});
    if (asked !== first.value) return;
    if (found.version?.version !== inForce.value?.version?.version) await learnSchedule();
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

const stationTime = () => (live.value.utc ? Date.parse(live.value.utc) : Date.now());
const zoneTime = (utc) => clockTime(new Date(utc), site.value?.time_zone).slice(0, 5);
const weekday = (date) => inLanguage(WEEKDAYS[(new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7]);
const isWithin = (one, at) => Date.parse(one.begin) <= at && at < Date.parse(one.end);

/** Where it plays, as short as it can be said. */
function placeOf(ids) {
  const { zones, groups } = site.value;
  if (ids.length === zones.length) return t("weekEverywhere");
  if (ids.length === 1) return said(zones.find((one) => one.id === ids[0])?.name);
  const group = groups.find((one) => one.zones.length === ids.length && ids.every((id) => one.zones.includes(id)));
  return group ? said(group.name) : t("weekCount", { n: ids.length });
}

/** The blocks of a day, cut to it; what is alike then is one, and they come as their zones do. */
function ofDay(blocks, day) {
  const found = new Map();
  for (const one of blocks) {
    const isMark = one.begin === one.end;
    if (one.begin >= day.end || (isMark ? one.begin < day.begin : one.end <= day.begin)) continue;
    const begin = one.begin < day.begin ? day.begin : one.begin;
    const end = one.end > day.end ? day.end : one.end;
    const key = [begin, end, one.source, one.name, one.plays].join(" ");
    found.set(key, { ...one, key, begin, end, zones: [...(found.get(key)?.zones ?? []), ...one.zones] });
  }
  const place = new Map(site.value.zones.map((one, n) => [one.id, n]));
  const firstOf = (one) => Math.min(...one.zones.map((id) => place.get(id)));
  return [...found.values()].sort((a, b) => a.begin.localeCompare(b.begin) || firstOf(a) - firstOf(b));
}

/** Of an entry it is a button that opens it. */
function Block({ block, day, at, onOpen }) {
  const isNews = block.source === "news";
  const isNow = !isNews && isWithin(block, at);
  const till = block.end === day.end ? "24:00" : zoneTime(block.end);
  const entry = isNews ? "" : block.name;
  const inside = html`<span class="number">${isNews ? zoneTime(block.begin) : `${zoneTime(block.begin)}–${till}`}</span>
    ${isNow && html` <b class="week-now">${t("weekNow")}</b>`}
    <b class="week-what">${block.title || (block.source === "folder" ? block.plays : "") || worded("source", block.source)}</b>
    <small>${worded("source", block.source)} · ${placeOf(block.zones)}</small>`;
  return html`<li data-source=${block.source} data-entry=${entry || null}>${entry
    ? html`<button type="button" class="week-block" data-source=${block.source} data-now=${isNow} onClick=${() => onOpen(entry)}>${inside}</button>`
    : html`<div class="week-block" data-source=${block.source} data-now=${isNow}>${inside}</div>`}</li>`;
}

function Day({ day, blocks, at, isChosen, onOpen }) {
  const isToday = isWithin(day, at);
  return html`<section class="week-day" data-date=${day.date} data-today=${isToday} data-chosen=${isChosen} aria-label=${`${day.date} ${weekday(day.date)}`}>
    <h2>${weekday(day.date)} <span class="number">${day.date.slice(5)}</span>${isToday && html` <small>${t("weekToday")}</small>`}${day.is_holiday && html` <small class="week-holiday">${t("weekHoliday")}</small>`}</h2>
    <ol>${ofDay(blocks, day).map((one) => html`<${Block} key=${one.key} block=${one} day=${day} at=${at} onOpen=${onOpen} />`)}</ol></section>`;
}

/** Groups and zones, one of which is shown; "" is all of them. */
function ZoneChoice({ zone, onZone }) {
  const choices = [...site.value.groups, ...site.value.zones];
  return html`<label class="week-zones">${t("weekZones")}<select name="zones" value=${zone} onChange=${(event) => onZone(event.currentTarget.value)}>
    <option value="">${t("weekEverywhere")}</option>${choices.map((one) => html`<option key=${one.id} value=${one.id}>${said(one.name)}</option>`)}</select></label>`;
}

/** Every entry there is, those too that this week does not show. */
function Entries({ onOpen }) {
  const listed = Object.entries(part("entries"));
  if (!listed.length) return null;
  return html`<details class="panel"><summary>${t("weekEntries", { n: listed.length })}</summary><ul class="week-entries">${listed.map(([name, one]) =>
    html`<li key=${name}><button type="button" class="button small" onClick=${() => onOpen(name)}>${one.title}</button> <span class="soft number">${one.first.slice(0, 16)} · ${one.length}</span></li>`)}</ul></details>`;
}

function Shown({ zone, chosen, onChosen, onOpen }) {
  const { days, blocks, all } = week.value;
  const at = stationTime();
  const wanted = site.value.groups.find((one) => one.id === zone)?.zones ?? [zone];
  const shown = zone ? blocks.map((one) => ({ ...one, zones: one.zones.filter((id) => wanted.includes(id)) })).filter((one) => one.zones.length) : blocks;
  const open = days.some((one) => one.date === chosen) ? chosen : (days.find((one) => isWithin(one, at)) ?? days[0]).date;
  return html`<div class="chips week-days" role="group" aria-label=${t("weekDay")}>${days.map((one) =>
    html`<button type="button" class="chip" key=${one.date} aria-pressed=${one.date === open} onClick=${() => onChosen(one.date)}>${weekday(one.date)} ${Number(one.date.slice(8))}</button>`)}</div>
    ${all > blocks.length && html`<p class="bad">${t("weekMore", { n: all - blocks.length })}</p>`}
    <div class="week">${days.map((one) => html`<${Day} key=${one.date} day=${one} blocks=${shown} at=${at} isChosen=${one.date === open} onOpen=${onOpen} />`)}</div>`;
}

export function View() {
  const [zone, setZone] = useState("");
  const [chosen, setChosen] = useState("");
  const [opened, setOpened] = useState(null);
  useEffect(() => {
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (!week.value || !site.value || !inForce.value) {
    return html`<p class="empty" role="status">${problem.value ? spoken(problem.value) : t("loading")}</p>`;
  }
  const base = inForce.value.version?.version;
  const open = (name) => { if (part("entries")[name]) setOpened({ name, entry: part("entries")[name], base }); };
  const { days } = week.value;
  const day = days.find((one) => one.date === chosen) ?? days.find((one) => isWithin(one, stationTime())) ?? days[0];
  return html`<div class="log-view week-page">
    <header class="row"><h1>${t("weekTitle")}</h1>
      <${Act} kind="main" data-act="new" reason=${reasonOf("schedule-edit")} onPress=${() => setOpened({ day: day.date, base })}>${t("weekAdd")}</${Act}>
      <div class="row week-move"><button type="button" class="button" onClick=${() => move(-7)}>${t("weekBefore")}</button>
      <button type="button" class="button" onClick=${() => move(0)}>${t("weekThis")}</button>
      <button type="button" class="button" onClick=${() => move(7)}>${t("weekAfter")}</button></div>
      <${ZoneChoice} zone=${zone} onZone=${setZone} /><span class="gap"></span><${Version} look=${look} /></header>
    ${problem.value && html`<p class="bad" role="alert">${spoken(problem.value)}</p>`}
    <${Shown} zone=${zone} chosen=${chosen} onChosen=${setChosen} onOpen=${open} />
    <${Entries} onOpen=${open} />
    ${opened && html`<${EntrySheet} opened=${opened} first=${days[0].date} look=${look} onClose=${() => setOpened(null)} />`}</div>`;
}
