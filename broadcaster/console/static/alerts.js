/** What runs and what waits for a decision, and what can be done about it. */

import { act, busyWith } from "./acts.js";
import { html, signal, useState } from "./dom.js";
import { ENDS, EndingSheet, NEEDS_SHEET } from "./endings.js";
import { Act, Hold, clockTime, lockReason } from "./parts.js";
import { Shape } from "./shapes.js";
import { alerts, chosen, exercises, heardIn, isOver, isWaiting, live, may, me, now, site, sounding, suspected, waiting, zoneById } from "./state.js";
import { Sentence } from "./station-words.js";
import { lasting, said, t, worded } from "./words.js";

/** Which act on which alert has its sheet open: {alert, act}. */
const opened = signal(null);
export const openEnding = (alert, name) => { opened.value = { alert: alert.id, act: name }; };

const HEARD_SHAPES = { heard: "yes", sentOnly: "unsupervised", notSent: "no", notArrived: "no", broken: "no", overridden: "overridden", waiting: "waiting", unknown: "unknown" };

/** Seconds left of something that the server counted when the page last heard of it. */
function left(seconds) {
  return seconds === undefined ? 0 : Math.max(0, seconds - Math.max(0, now.value - live.value.heard) / 1000);
}

/** The station's time now, in milliseconds, whatever this browser's clock says. */
const stationNow = () => Date.parse(live.value.utc) + Math.max(0, now.value - live.value.heard);

const ownPlace = (alert) => [
  alert.camera && t("camera", { name: cameraName(alert.camera) }),
  alert.place && !alert.camera && t("place", { lat: alert.place.lat.toFixed(4), lon: alert.place.lon.toFixed(4) }),
].filter(Boolean).join(" · ");

function cameraName(id) {
  const camera = site.value?.cameras.find((one) => one.id === id);
  return camera ? `${id} ${said(camera.name)}` : id;
}

function Heard({ alert }) {
  // What was measured is how long the warning took; of its ending there is no such figure.
  const found = alert.zones.map((id) => ({ id, ...heardIn(alert, id), ...(alert.parting && { ms: undefined }) }));
  const heard = found.filter((one) => one.fact === "heard" || one.fact === "broken").length;
  return html`<div class="heard">
    <p class="heard-count">${t("heardCount", { n: heard, all: found.length })}</p>
    <ul class="hearers" aria-label=${t("whoHears")}>${found.map(({ id, fact, ms, zone }) => html`
      <li data-fact=${fact} title=${`${said(zone?.name) || id}: ${worded("hear", fact)}`}><${Shape} of=${HEARD_SHAPES[fact]} /><span>${said(zone?.name) || id}</span>
        <span class="visually-hidden">${worded("hear", fact)}</span>
        <span class="number">${ms !== undefined && fact !== "broken" ? t("ms", { n: Math.round(ms) }) : fact === "heard" ? "" : worded("hear", fact)}</span></li>`)}</ul>
  </div>`;
}

function Window({ alert }) {
  const { window: open, rise } = alert;
  if (open) {
    const s = Math.ceil(left(open.left_s));
    const words = open.purpose === "second person" ? t("windowSecond", { s }) : t(open.on_timeout === "drop" ? "windowDrop" : "windowAir", { s });
    const share = open.length_s ? Math.min(1, left(open.left_s) / open.length_s) : 0;
    return html`<div class="window"><span class="seconds" aria-hidden="true">${s}</span><p>${words}</p>
      <span class="bar"><span style=${{ transform: `scaleX(${share})` }}></span></span></div>`;
  }
  if (!rise) return null;
  const blanks = { s: Math.ceil(left(rise.left_s)), level: worded("level", rise.level_name) };
  return html`<div class="window"><span class="seconds" aria-hidden="true">${blanks.s}</span><p>${t(rise.on_timeout === "drop" ? "riseDrop" : "rise", blanks)}</p></div>`;
}

/** The way to the pictures of an alert; the sheet for them is loaded with the first press. */
function Pictures({ alert }) {
  const [brought, setBrought] = useState(null);
  const [isOpen, setOpen] = useState(false);
  if (!alert.pictures?.length) return null;
  async function open() {
    setBrought(await import("./pictures.js"));
    setOpen(true);
  }
  return html`<${Act} reason=${may("see-pictures") ? "" : t("lockRight")} onPress=${open}><${Shape} of="camera" />${t("pictures", { n: alert.pictures.length })}</${Act}>
    ${isOpen && html`<${brought.PicturesSheet} alert=${alert} onClose=${() => setOpen(false)} />`}`;
}

function Evidence({ alert }) {
  const steps = (alert.steps ?? []).filter((step) => step.event !== "degrade");
  return html`<details class="more"><summary>${t("evidence")} ${alert.evidence?.length ?? 0} · ${t("steps")} ${steps.length}</summary>
    ${alert.why && html`<p>${t("why")}: <${Sentence} of=${alert.why} /></p>`}
    <ul>${(alert.evidence ?? []).map((one) => html`<li><${Sentence} of=${one} /></li>`)}</ul>
    <ol class="steps">${steps.map((step) => html`<li><time datetime=${step.utc}>${clockTime(new Date(step.utc), site.value?.time_zone)}</time> ${worded("state", step.state)} · ${step.by}${step.reason && html` · <${Sentence} of=${step.reason} />`}</li>`)}</ol>
    ${alert.path && html`<p class="number">${t("measured")}: ${t("decided")} ${alert.path.decided_ms ?? "?"} ms · ${t("planned")} ${alert.path.planned_ms ?? "?"} ms · ${t("journalled")} ${alert.path.journalled_ms ?? "?"} ms</p>`}
  </details>`;
}

/** Acts in the order of the screen; those with a sheet ask something first. */
const WAITING_ACTS = ["reject", "hold", "acknowledge", "break-glass"];
const RUNNING_ACTS = ["correct", "all-clear", "step-down", "reconfirm", "escalate", "add-zones", "acknowledge", "stop"];
const KINDS = { correct: "main", "all-clear": "main" };
/** What makes sound outside is held. */
const HELD = new Set(["confirm", "add-zones"]);

/** Whether a second person is waited for, and whoever looks is the first. */
const isOwn = (alert) => alert.window?.purpose === "second person" && alert.raised_by === me.value?.name;

function bodyOf(name) {
  return name === "add-zones" ? { zones: [...chosen.value] } : {};
}

function AlertAct({ alert, name }) {
  const label = worded("act", name);
  const busy = busyWith(alert.id, label);
  const isPossible = name === "stop" || alert.may.includes(name);
  let reason = lockReason() || (may(name) ? "" : t("lockRight")) || (isPossible ? "" : t("lockNow"));
  if (!reason && name === "confirm" && isOwn(alert)) reason = t("lockOther");
  const send = () => act({ name: label, subject: alert.id, path: `/alerts/${alert.id}/${name}`, body: bodyOf(name) });
  if (HELD.has(name)) return html`<${Hold} onHeld=${send} reason=${reason} busy=${busy}>${label}</${Hold}>`;
  const press = NEEDS_SHEET.has(name) ? () => openEnding(alert, name) : send;
  return html`<${Act} kind=${KINDS[name] ?? "plain"} onPress=${press} reason=${reason} busy=${busy} data-act=${name}>${label}</${Act}>`;
}

function AlertActs({ alert }) {
  const offered = new Set(alert.may);
  const names = isWaiting(alert) ? [...WAITING_ACTS, ...(alert.rise ? RUNNING_ACTS : [])] : RUNNING_ACTS;
  if (ENDS.some((name) => offered.has(name))) offered.add("stop");
  // Zones are added by choosing them: without a choice there is nothing to offer.
  if (![...chosen.value].some((id) => !alert.zones.includes(id))) offered.delete("add-zones");
  const shown = [...new Set(names)].filter((name) => offered.has(name));
  return html`<div class="acts">
    ${offered.has("confirm") && isWaiting(alert) && html`<${AlertAct} alert=${alert} name="confirm" />`}
    ${shown.map((name) => html`<${AlertAct} key=${name} alert=${alert} name=${name} />`)}
  </div>`;
}

export function AlertCard({ alert }) {
  const isSounding = !isWaiting(alert) || alert.rise !== undefined;
  const t0 = Date.parse(alert.raised_at);
  const elapsed = Number.isFinite(t0) ? t("elapsed", { t: lasting((stationNow() - t0) / 1000) }) : "";
  const by = t(alert.is_automatic ? "byRule" : "by", { name: alert.raised_by });
  return html`<article class="card alert" data-state=${alert.state} data-level=${alert.level_name} data-sounding=${isSounding} data-alert=${alert.id}>
    <header><${Shape} of=${isSounding ? "warning" : "waiting"} big />
      <div><h3>${said(alert.title)}</h3><p class="badges"><b>${worded("level", alert.level_name)}</b> · ${worded("state", alert.state)} · <span class="number">${elapsed}</span></p></div></header>
    <p class="soft">${[by, ownPlace(alert), t("zonesCount", { n: alert.zones.length })].filter(Boolean).join(" · ")}</p>
    <${Window} alert=${alert} />
    <${Pictures} alert=${alert} />
    ${alert.calling && html`<p class="call"><${Shape} of="bell" />${t("calling", { why: t(`call ${alert.calling.why}`), n: alert.calling.step + 1 })}</p>`}
    ${alert.limit_left_s !== undefined && left(alert.limit_left_s) < 1800 && html`<p class="call">${t("limit", { t: lasting(left(alert.limit_left_s)) })}</p>`}
    <${AlertActs} alert=${alert} />
    ${isSounding && html`<${Heard} alert=${alert} />`}
    <${Evidence} alert=${alert} />
  </article>`;
}

export function ExerciseCard({ exercise }) {
  const label = t("actEndExercise");
  const reason = lockReason() || (may("end-exercise") ? "" : t("lockRight")) || (exercise.may.includes("end-exercise") ? "" : t("lockNow"));
  return html`<article class="card alert exercise" data-alert=${exercise.id}>
    <header><${Shape} of="exercise" big /><div><h3>${t("exercise")}: ${said(exercise.title)}</h3>
      <p class="badges">${worded("state", exercise.state)} · <span class="number">${t("exerciseLeft", { t: lasting(left(exercise.left_s)) })}</span> · ${t("zonesCount", { n: exercise.zones.length })}</p></div></header>
    <div class="acts"><${Act} kind="drill" reason=${reason} busy=${busyWith(exercise.id)}
      onPress=${() => act({ name: label, subject: exercise.id, path: `/exercises/${exercise.id}/end` })}>${label}</${Act}></div>
  </article>`;
}

function Suspected() {
  if (!suspected.value.length) return null;
  return html`<section class="panel"><h2>${t("suspected")} <small>${suspected.value.length}</small></h2>
    <p class="soft">${t("suspectedHelp")}</p>
    <ul class="suspects">${suspected.value.slice(-5).reverse().map((one) => html`<li>
      <time datetime=${one.at}>${clockTime(new Date(one.at), site.value?.time_zone)}</time> <b>${one.source}</b> <${Sentence} of=${one.sentence} />
      ${one.zones.length > 0 && html`<span class="soft"> ${one.zones.map((id) => said(zoneById.value.get(id)?.name) || id).join(", ")}</span>`}</li>`)}</ul></section>`;
}

function Ended() {
  const [isOpen, setOpen] = useState(false);
  const ended = alerts.value.filter((one) => isOver(one) && one.nature === "real");
  if (!ended.length) return null;
  return html`<details class="panel ended" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${t("ended")} <small>${ended.length}</small></summary>
    <ul>${ended.slice(0, 10).map((one) => html`<li key=${one.id}><time datetime=${one.raised_at}>${clockTime(new Date(one.raised_at), site.value?.time_zone)}</time> ${said(one.title)} · ${worded("level", one.level_name)} · ${worded("state", one.state)}</li>`)}</ul></details>`;
}

/** Everything about alerts, the most pressing first. */
export function Alerts() {
  const first = waiting.value;
  const running = sounding.value.filter((one) => !first.includes(one));
  const target = opened.value && alerts.value.find((one) => one.id === opened.value.alert);
  return html`<section class="alerts" aria-label=${t("running")}>
    <div role="alert" class="visually-hidden">${[...first, ...running].map((one) => `${worded("level", one.level_name)}: ${said(one.title)}, ${worded("state", one.state)}. `)}</div>
    ${first.length > 0 && html`<h2>${t("waiting")} <small>${first.length}</small></h2>`}
    ${first.map((one) => html`<${AlertCard} key=${one.id} alert=${one} />`)}
    ${running.length > 0 && html`<h2>${t("running")} <small>${running.length}</small></h2>`}
    ${running.map((one) => html`<${AlertCard} key=${one.id} alert=${one} />`)}
    ${exercises.value.map((one) => html`<${ExerciseCard} key=${one.id} exercise=${one} />`)}
    ${!first.length && !running.length && !exercises.value.length && html`<p class="quiet"><${Shape} of="yes" />${t("quiet")}</p>`}
    <${Suspected} /><${Ended} />
    ${target && html`<${EndingSheet} alert=${target} name=${opened.value.act} onOpen=${(name) => openEnding(target, name)} onClose=${() => { opened.value = null; }} />`}
  </section>`;
}
