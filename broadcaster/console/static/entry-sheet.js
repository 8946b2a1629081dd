/** An entry of the week: when, where and what. What it would change is asked before it is kept. */

import { html, useEffect, useState } from "./dom.js";
import { Act, Sheet, clockTime, reasonOf } from "./parts.js";
import { Field, Otherwise, changeInWords, keep, nameFor, part, tried } from "./programme.js";
import { site } from "./state.js";
import { inLanguage, know, said, t, worded } from "./words.js";

/** [Korean, English]. */
know({
  entryNew: ["편성 추가", "New entry"],
  entryChange: ["{name} 바꾸기", "Change {name}"],
  entryTitle: ["이름", "Name"],
  entryPlays: ["내보낼 것", "What it plays"],
  entryPlaylists: ["재생목록", "Playlists"],
  entryLive: ["생방송", "Live sources"],
  entrySilence: ["조용함 (아무것도 내보내지 않음)", "Silence (nothing plays)"],
  entryFirst: ["첫날", "First day"],
  entryFrom: ["시작", "From"],
  entryUntil: ["끝", "Until"],
  entryNextDay: ["다음 날", "the next day"],
  entryDays: ["요일 (고르지 않으면 한 번만)", "Weekdays (none: once only)"],
  entryRule: ["반복 규칙 (RRULE)", "Rule (RRULE)"],
  entryZones: ["구역", "Zones"],
  entryOneByOne: ["구간 하나씩 고르기", "Zone by zone"],
  entryEverywhere: ["전체", "everywhere"],
  entryRank: ["순위 (0–100, 겹치면 높은 것이 나감)", "Rank (0–100; where two overlap, the higher plays)"],
  entryStart: ["시작하는 방식", "How it starts"],
  startHard: ["정각에", "on the second"],
  startSoft: ["앞 곡이 끝난 뒤", "after the running track"],
  entryHolidays: ["공휴일", "On holidays"],
  holidaysAlso: ["나감", "plays too"],
  holidaysNot: ["쉼", "does not play"],
  holidaysOnly: ["공휴일에만", "only then"],
  entryWould: ["바뀌는 것", "What would change"],
  entryNothing: ["바뀌는 것이 없습니다", "Nothing would change"],
  entryThisWeek: ["보고 있는 주에 나가는 때", "When it plays in the week shown"],
  entryNever: ["이 주에는 나가지 않습니다. 날짜와 겹치는 편성의 순위를 확인하십시오", "Not at all in this week: look at its days, and at the rank of what overlaps"],
  entryAsking: ["확인하는 중…", "Asking…"],
  entryNeedsZone: ["구역을 하나 이상 고르십시오", "Choose at least one zone"],
  entryNeedsTimes: ["날짜와 시각을 적으십시오", "Fill in day and times"],
  entryMend: ["먼저 표시된 곳을 고치십시오", "Mend what is marked first"],
});

const SETTLE_MS = 250;
const DAY_MIN = 1440;
const CODES = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
export const WEEKDAYS = [["월", "Mon"], ["화", "Tue"], ["수", "Wed"], ["목", "Thu"], ["금", "Fri"], ["토", "Sat"], ["일", "Sun"]];
const SHOWN = ["title", "playlist", "live", "silence", "first", "length", "rule", "zones", "rank", "start", "holidays"];
const UNITS = { h: 60, min: 1, s: 1 / 60, ms: 1 / 60000 };

const minutesOf = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
const timeOf = (minutes) => `${String(Math.floor(minutes / 60) % 24).padStart(2, "0")}:${String(Math.round(minutes) % 60).padStart(2, "0")}`;
function lengthOf(text) {
  const [, number, unit] = /^([\d.]+) ?(\w+)$/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? 0);
}
/** The weekdays of a rule that says nothing else; null of any other rule. */
function daysOf(rule) {
  if (!rule) return [];
  if (rule === "FREQ=DAILY") return CODES;
  const [, listed] = /^FREQ=WEEKLY;BYDAY=((?:[A-Z]{2},?)+)$/.exec(rule) ?? [];
  return listed ? listed.split(",") : null;
}
function ruleOf(days) {
  if (!days.length) return "";
  return days.length === CODES.length ? "FREQ=DAILY" : `FREQ=WEEKLY;BYDAY=${CODES.filter((one) => days.includes(one)).join(",")}`;
}

function formOf(entry, day) {
  if (!entry) {
    const [list] = Object.keys(part("playlists"));
    return { title: "", plays: list ? `playlist ${list}` : "silence", day, from: "09:00", until: "10:00", days: [], rule: "", zones: ["all"], rank: "50", start: "hard", holidays: "also" };
  }
  const plays = entry.playlist ? `playlist ${entry.playlist}` : entry.live ? `live ${entry.live}` : "silence";
  const from = entry.first.slice(11, 16);
  return {
    title: entry.title, plays, day: entry.first.slice(0, 10), from, until: timeOf(minutesOf(from) + lengthOf(entry.length)),
    days: daysOf(entry.rule), rule: entry.rule ?? "", zones: entry.zones, rank: String(entry.rank), start: entry.start, holidays: entry.holidays,
  };
}

/** The entry's fields as the schedule has them; what the form does not show stays. */
function fieldsOf(form, entry) {
  const { playlist: _, live: __, silence: ___, rule: ____, ...rest } = entry ?? {};
  const [kind, name] = form.plays.split(" ");
  const before = entry && formOf(entry);
  const isAsLong = before && before.from === form.from && before.until === form.until;
  const minutes = (minutesOf(form.until) - minutesOf(form.from) + DAY_MIN) % DAY_MIN || DAY_MIN;
  const rule = form.days ? ruleOf(form.days) : form.rule.trim();
  const first = before && before.day === form.day && before.from === form.from ? entry.first : `${form.day} ${form.from}`;
  return {
    ...rest, title: form.title.trim(), [kind]: name ?? true, first, length: isAsLong ? entry.length : `${minutes} min`,
    ...(rule ? { rule } : {}), zones: form.zones, rank: form.rank, start: form.start, holidays: form.holidays,
  };
}

function Plays({ value, onInput }) {
  const listed = (kind) => Object.entries(part(kind === "playlist" ? "playlists" : "sources")).map(([name, one]) =>
    html`<option key=${name} value=${`${kind} ${name}`}>${one.title}</option>`);
  const [lists, sources] = [listed("playlist"), listed("live")];
  return html`<select name="plays" aria-label=${t("entryPlays")} value=${value} onChange=${onInput}>
    ${lists.length > 0 && html`<optgroup label=${t("entryPlaylists")}>${lists}</optgroup>`}${sources.length > 0 && html`<optgroup label=${t("entryLive")}>${sources}</optgroup>`}
    <option value="silence">${t("entrySilence")}</option></select>`;
}

function Chips({ label, choices, chosen, onChosen }) {
  const toggle = (name) => onChosen(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return html`<div class="chips" role="group" aria-label=${label}>${choices.map(([name, words]) =>
    html`<button type="button" class="chip" key=${name} data-name=${name} aria-pressed=${chosen.includes(name)} onClick=${() => toggle(name)}>${words}</button>`)}</div>`;
}

function Zones({ chosen, onChosen }) {
  const { groups, zones } = site.value;
  const named = (listed) => listed.filter((one) => one.id !== "all").map((one) => [one.id, said(one.name)]);
  const choose = (next) => onChosen(next.at(-1) === "all" ? ["all"] : next.filter((one) => one !== "all"));
  const isOpen = zones.some((one) => chosen.includes(one.id));
  return html`<${Chips} label=${t("entryZones")} choices=${[["all", t("entryEverywhere")], ...named(groups)]} chosen=${chosen} onChosen=${choose} />
    <details open=${isOpen}><summary>${t("entryOneByOne")}</summary><${Chips} label=${t("entryOneByOne")} choices=${named(zones)} chosen=${chosen} onChosen=${choose} /></details>`;
}

/** What the station says that the change would do, in the week that is shown. */
function useTrial(edit, first) {
  const text = JSON.stringify(edit);
  const [known, setKnown] = useState({ text: "" });
  useEffect(() => {
    let isWanted = true;
    const timer = setTimeout(() => tried(edit, first).then(
      (answer) => isWanted && setKnown({ text, answer }),
      (error) => isWanted && setKnown({ text, answer: { changes: [], blocks: [], problems: [{ field: "", problem: error.message, hint: "" }] } }),
    ), SETTLE_MS);
    return () => { isWanted = false; clearTimeout(timer); };
  }, [text]);
  return known.text === text ? known.answer : null;
}

function Would({ seen, name }) {
  if (!seen) return html`<p class="soft">${t("entryAsking")}</p>`;
  if (seen.problems.length) return null;
  const at = (utc) => clockTime(new Date(utc), site.value.time_zone).slice(0, 5);
  const day = (utc) => new Intl.DateTimeFormat("sv-SE", { timeZone: site.value.time_zone }).format(new Date(utc)).slice(5);
  const times = seen.blocks.filter((one) => one.name === name && one.source !== "news");
  return html`<h3>${t("entryWould")}</h3>${seen.changes.length ? html`<ul>${seen.changes.map((one) => html`<li>${changeInWords(one)}</li>`)}</ul>` : html`<p class="soft">${t("entryNothing")}</p>`}
    <h3>${t("entryThisWeek")}</h3><p class="number entry-times">${times.map((one) => `${day(one.begin)} ${at(one.begin)}–${at(one.end)}`).join(" · ") || t("entryNever")}</p>`;
}

/** `opened` is {name, entry, base} of one there is, or {day, base} for a new one. */
export function EntrySheet({ opened, first, look, onClose }) {
  const { name, entry, base } = opened;
  const [form, setForm] = useState(() => formOf(entry, opened.day));
  const [refused, setRefused] = useState([]);
  const called = name || nameFor(form.title, part("entries"), "entry");
  const edit = { put: { entries: { [called]: fieldsOf(form, entry) } } };
  const isWhole = form.day && form.from && form.until && form.zones.length > 0 && form.title.trim();
  const seen = useTrial(isWhole ? edit : {}, first);
  const problems = refused.length ? refused : isWhole ? seen?.problems ?? [] : [];
  const set = (key) => (event) => { setRefused([]); setForm({ ...form, [key]: event.currentTarget.value }); };
  const put = (key) => (value) => { setRefused([]); setForm({ ...form, [key]: value }); };
  const save = async (change) => {
    const wrong = await keep(change, base, look);
    setRefused(wrong);
    if (!wrong.length) onClose();
  };
  const lacks = !form.title.trim() ? "programmeNeedsTitle" : !form.zones.length ? "entryNeedsZone" : !isWhole ? "entryNeedsTimes" : problems.length ? "entryMend" : "";
  const input = (key, label, type, more = {}) => html`<input name=${key} type=${type} aria-label=${label} value=${form[key]} onInput=${set(key)} ...${more} />`;
  const select = (key, group, words) => html`<select name=${key} aria-label=${t(group)} value=${form[key]} onChange=${set(key)}>${words.map((one) => html`<option key=${one} value=${one}>${worded(key, one)}</option>`)}</select>`;
  const isOver = form.until && form.from && minutesOf(form.until) <= minutesOf(form.from);
  return html`<${Sheet} title=${name ? t("entryChange", { name: entry.title }) : t("entryNew")} onClose=${onClose}><div class="form week-form">
    <${Field} label=${t("entryTitle")} name="title" problems=${problems}>${input("title", t("entryTitle"), "text", { maxlength: 200, "data-first": true })}</${Field}>
    <${Field} label=${t("entryPlays")} name=${["playlist", "live", "silence"]} problems=${problems}><${Plays} value=${form.plays} onInput=${set("plays")} /></${Field}>
    <div class="entry-times-row"><${Field} label=${t("entryFirst")} name="first" problems=${problems}>${input("day", t("entryFirst"), "date")}</${Field}>
      <${Field} label=${t("entryFrom")} name="" problems=${[]}>${input("from", t("entryFrom"), "time")}</${Field}>
      <${Field} label=${t("entryUntil")} name="length" problems=${problems}>${input("until", t("entryUntil"), "time")}${isOver && html`<small>${t("entryNextDay")}</small>`}</${Field}></div>
    ${form.days ? html`<${Field} label=${t("entryDays")} name="rule" problems=${problems}><${Chips} label=${t("entryDays")} choices=${CODES.map((code, n) => [code, inLanguage(WEEKDAYS[n])])} chosen=${form.days} onChosen=${put("days")} /></${Field}>`
    : html`<${Field} label=${t("entryRule")} name="rule" problems=${problems}>${input("rule", t("entryRule"), "text")}</${Field}>`}
    <${Field} label=${t("entryZones")} name="zones" problems=${problems}><${Zones} chosen=${form.zones} onChosen=${put("zones")} /></${Field}>
    <${Field} label=${t("entryRank")} name="rank" problems=${problems}>${input("rank", t("entryRank"), "number", { min: 0, max: 100 })}</${Field}>
    <div class="entry-times-row"><${Field} label=${t("entryStart")} name="start" problems=${problems}>${select("start", "entryStart", ["hard", "soft"])}</${Field}>
      <${Field} label=${t("entryHolidays")} name="holidays" problems=${problems}>${select("holidays", "entryHolidays", ["also", "not", "only"])}</${Field}></div>
    <${Otherwise} problems=${problems} shown=${SHOWN} />
    <div class="entry-would" role="status">${isWhole && html`<${Would} seen=${seen} name=${called} />`}</div>
    <div class="row end">${name && html`<${Act} data-act="remove" reason=${reasonOf("schedule-edit")} onPress=${() => save({ remove: { entries: [name] } })}>${t("programmeRemove")}</${Act}><span class="gap"></span>`}
      <button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
      <${Act} kind="main" data-act="save" reason=${reasonOf("schedule-edit") || (lacks ? t(lacks) : "")} onPress=${() => save(edit)}>${t("programmeSave")}</${Act}></div></div></${Sheet}>`;
}
