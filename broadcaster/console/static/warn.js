/** The sheet for a real warning: what, where, what it will say, hold to send. */

import { act, busyWith } from "./acts.js";
import { Diagram } from "./diagram.js";
import { html, useEffect, useRef, useState } from "./dom.js";
import { Groups, everyOrNone, hasExactly } from "./groups.js";
import { Hold, Sheet, lockReason } from "./parts.js";
import { Review, usePreview } from "./review.js";
import { Shape } from "./shapes.js";
import { spoken } from "./station-words.js";
import { choose, chosen, may, site, toggle, zones } from "./state.js";
import { said, t, worded } from "./words.js";

const SUBJECT = "a new warning";
const RANKS = ["caution", "warning", "evacuate"];
/** What camera systems and people call hazards, and what they are called here. */
const ALSO = { fire: "wildfire", smoke: "wildfire", water_level: "flood", water: "flood", person: "missing-person" };
const MISSING = "missing-person";

/** The messages that somebody may choose: the police have one hazard. */
const templates = () => (site.value?.messages ?? []).filter(
  (one) => one.purpose === "warning" && (may("raise") || one.hazard === MISSING),
);

/** The message for a hazard at a level, or at most that urgent: as the station itself would choose. */
function templateFor(hazard, level) {
  const name = ALSO[hazard] ?? hazard;
  const most = RANKS.indexOf(level ?? "warning");
  return templates()
    .filter((one) => one.hazard === name && RANKS.indexOf(one.level) <= most)
    .sort((a, b) => RANKS.indexOf(b.level) - RANKS.indexOf(a.level))[0]?.id ?? "";
}

/** The camera of a number, an id or a name. */
export function cameraNamed(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return undefined;
  return site.value.cameras.find((one) => [one.id, one.id.replace(/\D/g, "").replace(/^0+/, ""), one.name.ko, one.name.en]
    .some((name) => name.toLowerCase() === wanted));
}

function Template({ one, number, isChosen, onChoose }) {
  return html`<button type="button" class="template" data-level=${one.level} aria-pressed=${isChosen} onClick=${onChoose}>
    <span class="key" aria-hidden="true">${number < 10 ? number : ""}</span>
    <span class="names">${said(one.title)}<small>${said(site.value.hazards[one.hazard]?.name)} · ${worded("level", one.level)}${one.second_person ? ` · ${t("second")}` : ""}</small></span>
    <${Shape} of=${one.level === "evacuate" ? "warning" : one.level === "warning" ? "no" : "notice"} />
  </button>`;
}

function CameraField({ camera, onChoose }) {
  const [text, setText] = useState("");
  const [isUnknown, setUnknown] = useState(false);
  function use(event) {
    event.preventDefault();
    const found = cameraNamed(text);
    setUnknown(!found);
    if (found) onChoose(found);
  }
  if (camera) {
    return html`<p class="camera"><${Shape} of="camera" />${t("cameraChosen", { name: `${camera.id} ${said(camera.name)}`, n: camera.zones.length })}
      <button type="button" class="button small" onClick=${() => onChoose(null)}>${t("cameraOff")}</button></p>`;
  }
  return html`<form class="camera" onSubmit=${use}><label><${Shape} of="camera" /><span>${t("cameraField")}</span>
    <input name="camera" list="cameras" autocomplete="off" value=${text} onInput=${(event) => setText(event.currentTarget.value)} /></label>
    <datalist id="cameras">${site.value.cameras.map((one) => html`<option value=${one.id}>${said(one.name)}</option>`)}</datalist>
    <button class="button">${t("cameraUse")}</button><span class="bad" role="alert">${isUnknown && t("cameraUnknown")}</span></form>`;
}

/** What the sheet would send; null until it is known what and where. */
function requestOf(template, camera, ids) {
  if (!template || !ids.length) return null;
  const one = site.value.messages.find((message) => message.id === template);
  const what = may("raise") ? { message: template } : { hazard: one?.hazard ?? MISSING };
  return { ...what, zones: ids, ...(camera && { camera: camera.id }) };
}

export function WarnSheet({ query, onClose }) {
  const [camera, setCamera] = useState(() => cameraNamed(query.get("camera") ?? "") ?? null);
  const [picked, setTemplate] = useState(() => query.get("message"));
  // Looked up each time: what one may send can come later than the sheet.
  const template = picked ?? templateFor(query.get("hazard"), query.get("level"));
  const [reason, setReason] = useState("");
  const hold = useRef(null);
  const useCamera = (found) => { setCamera(found); if (found) choose(found.zones); };
  useEffect(() => {
    if (camera) choose(camera.zones);
    else if (query.get("zones")) choose(query.get("zones").split(","));
  }, []);
  const offered = templates();
  const ids = zones.value.filter((zone) => chosen.value.has(zone.id)).map((zone) => zone.id);
  const request = requestOf(template, camera, ids);
  const known = usePreview(request);
  const label = t("actRaise");
  const busy = busyWith(SUBJECT);
  const whyNot = lockReason() || (!template ? t("needTemplate") : !ids.length ? t("needZones") : !known?.answer ? spoken(known?.problem) ?? t("needPreview") : "");
  async function send() {
    const answer = await act({ name: label, subject: SUBJECT, path: "/alerts", body: { ...request, reason } });
    if (answer) { choose([]); onClose(); }
  }
  function onKey(event) {
    if (event.target.closest("input, textarea")) return;
    if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); if (!event.repeat) hold.current?.start(); return; }
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^[1-9]$/.test(event.key) && offered[event.key - 1]) setTemplate(offered[event.key - 1].id);
    else if (event.key.toLowerCase() === "a") everyOrNone();
  }
  const onKeyEnd = (event) => { if (event.key === "Control" || event.key === "Enter") hold.current?.leave(); };
  return html`<${Sheet} title=${html`<${Shape} of="warning" big /> ${t("warnTitle")}`} kind="warn" onClose=${onClose} onKey=${onKey} onKeyEnd=${onKeyEnd}>
    <div class="steps3">
      <section><h3>${t("stepTemplate")}</h3><div class="templates">${offered.map((one, n) => html`<${Template} key=${one.id} one=${one} number=${n + 1} isChosen=${template === one.id} onChoose=${() => setTemplate(one.id)} />`)}</div></section>
      <section><h3>${t("stepZones")}</h3>
        <${CameraField} key=${camera?.id} camera=${camera} onChoose=${useCamera} />
        <${Groups} isPressed=${(group) => hasExactly(chosen.value, group)} onPress=${(group) => choose(hasExactly(chosen.value, group) ? [] : group)} />
        <${Diagram} zones=${zones.value} isChosen=${(id) => chosen.value.has(id)} onPress=${toggle} isSmall />
        <label class="why">${t("reason")}<input value=${reason} maxlength="500" onInput=${(event) => setReason(event.currentTarget.value)} /></label>
      </section>
      <section><h3>${t("stepReview")} <b class="real">${t("real")}</b></h3><div class="scroll" tabindex="0" role="region" aria-label=${t("stepReview")}><${Review} known=${known} isAsked=${request !== null} /></div></section>
    </div>
    <footer class="sheet-foot"><p class="soft wide-only">${t("keyHint")}</p>
      <button type="button" class="button big" data-first onClick=${onClose}>${t("cancel")}</button>
      <${Hold} kind="alarm big" handle=${hold} onHeld=${send} reason=${whyNot} busy=${busy}>${t("holdToWarn", { n: ids.length })}</${Hold}>
    </footer>
  </${Sheet}>`;
}
