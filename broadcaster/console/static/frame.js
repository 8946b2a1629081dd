/** What stands around every view: the strip at the top, what is wrong, what was just done. */

import { dismiss, notices } from "./acts.js";
import { html, signal } from "./dom.js";
import { Sheet, clockTime } from "./parts.js";
import { go, route } from "./route.js";
import { Shape } from "./shapes.js";
import { isHandingOver, signOut } from "./sign-on.js";
import { alarmSound, silence, unblock } from "./sound.js";
import { age, faults, isOld, live, may, me, now, site, stationName } from "./state.js";
import { Sentence } from "./station-words.js";
import { MENUS, VIEWS } from "./views.js";
import { inLanguage, language, said, speak, t } from "./words.js";

export const areKeysShown = signal(false);

const THEMES = ["auto", "light", "dark"];
const theme = signal(THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto");
function wear(chosen) {
  theme.value = chosen;
  localStorage.setItem("theme", chosen);
  document.documentElement.dataset.theme = chosen;
}
document.documentElement.dataset.theme = theme.value;

/** The station's own clock, between two messages carried on by this browser's steady one. */
function Clock() {
  const { utc, heard } = live.value;
  if (!utc) return null;
  const at = new Date(Date.parse(utc) + Math.max(0, now.value - heard));
  return html`<span class="clock" role="timer" aria-label=${t("clock")}>${clockTime(at, site.value?.time_zone)}</span>`;
}

function Link() {
  const s = age.value === null ? "" : age.value.toFixed(1);
  const words = age.value === null ? t("linkNever") : t(isOld.value ? "linkOld" : "linkLive", { s });
  return html`<span class="link" data-old=${isOld.value}><${Shape} of=${isOld.value ? "no" : "link"} /><span class="number">${words}</span></span>`;
}

const SOUND_WORDS = { on: "soundOn", blocked: "soundBlocked", ringing: "soundRinging", quiet: "soundQuiet" };

function Sound() {
  const is = alarmSound.value;
  const press = () => { unblock(); if (is === "ringing") silence(); };
  return html`<button type="button" class="button strip-button sound" data-sound=${is} onClick=${press} title=${t("soundHelp")}>
    <${Shape} of=${is === "blocked" || is === "quiet" ? "bellOff" : "bell"} /><span class="wide-only">${t(SOUND_WORDS[is])}</span>
    <span class="narrow-only visually-hidden">${t(SOUND_WORDS[is])}</span></button>`;
}

function Who() {
  if (!me.value) return null;
  return html`<details class="who"><summary class="button strip-button"><${Shape} of="person" /><span class="name">${t("signedInAs", { name: me.value.shown })}</span></summary>
    <div class="menu">
      <p>${me.value.roles.join(", ")}</p>
      <button type="button" class="button" onClick=${() => { isHandingOver.value = true; }}>${t("signOver")}</button>
      <a class="button" href="/account">${t("account")}</a>
      <button type="button" class="button" onClick=${() => { areKeysShown.value = true; }}>${t("keys")} <kbd>?</kbd></button>
      <button type="button" class="button" onClick=${() => wear(THEMES[(THEMES.indexOf(theme.value) + 1) % 3])}>${
        t({ auto: "themeAuto", light: "themeLight", dark: "themeDark" }[theme.value])}</button>
      <button type="button" class="button" onClick=${signOut}>${t("signOut")}</button>
    </div></details>`;
}

function Language() {
  const other = language.value === "ko" ? "en" : "ko";
  return html`<button type="button" class="button strip-button" lang=${other} onClick=${() => speak(other)}>${t("otherLanguage")}</button>`;
}

function Way({ to }) {
  return html`<a href=${to.path} aria-current=${route.value.path === to.path ? "page" : null}>${inLanguage(to.title)}</a>`;
}

/** Closes the menu that holds what was pressed. */
const closeMenu = (event) => { event.currentTarget.closest("details").open = false; };

function Menu({ name, ways }) {
  const isHere = ways.some((one) => one.path === route.value.path);
  return html`<details class="ways-menu" onFocusOut=${(event) => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; }}>
    <summary data-here=${isHere}>${inLanguage(MENUS[name])}</summary>
    <div class="menu" onClick=${closeMenu}>${ways.map((one) => html`<${Way} key=${one.path} to=${one} />`)}</div></details>`;
}

function Navigation() {
  const open = VIEWS.filter((one) => one.menu !== null && (!one.right || may(one.right)));
  const inMenu = (name) => open.filter((one) => one.menu === name);
  return html`<nav aria-label=${t("views")}>${inMenu("").map((one) => html`<${Way} key=${one.path} to=${one} />`)}
    ${Object.keys(MENUS).filter((name) => inMenu(name).length).map((name) => html`<${Menu} key=${name} name=${name} ways=${inMenu(name)} />`)}</nav>`;
}

export const Strip = () => html`<header class="strip">
  <a class="skip" href="#content">${t("skip")}</a>
  <a class="site" href="/">${said(stationName.value) || "Sorigil"}</a>
  <${Navigation} />
  <span class="gap"></span>
  <${Clock} /><${Link} /><${Sound} /><${Language} /><${Who} />
</header>`;

/** What must be known before anything below is believed. */
export function Banners() {
  const s = age.value === null ? "" : Math.round(age.value);
  const isControl = live.value.heard && now.value - live.value.heard < 1500;
  return html`<div class="banners">
    <div role="status" class=${isOld.value ? "banner old" : ""}>${isOld.value && html`<${Shape} of="no" big />
      <p><strong>${t(isControl ? "staleControl" : "staleTitle", { s })}</strong> ${t("staleMeanwhile")}</p>`}</div>
    ${faults.value.length > 0 && html`<details class="banner fault"><summary><${Shape} of="no" />${t("faultsCount", { n: faults.value.length })}: <${Sentence} of=${faults.value[0]} /></summary>
      <ul>${faults.value.slice(1).map((one) => html`<li><${Sentence} of=${one} /></li>`)}</ul></details>`}
  </div>`;
}

export const Notices = () => html`<div class="notices" role="log" aria-live="polite">${notices.value.map((one) =>
  html`<p key=${one.id} class=${`notice ${one.kind}`}><${Shape} of=${one.kind === "bad" ? "no" : "yes"} /><span>${one.text()}</span>
    <button type="button" class="button icon" aria-label=${t("dismiss")} onClick=${() => dismiss(one.id)}><${Shape} of="close" /></button></p>`)}</div>`;

const KEYS = [["1–9", "keyZone"], ["A", "keyAll"], ["W", "keyWarn"], ["S", "keySilence"], ["Esc", "keyEscape"], ["?", "keyHelp"]];

export function Keys() {
  if (!areKeysShown.value) return null;
  return html`<${Sheet} title=${t("keys")} kind="narrow" onClose=${() => { areKeysShown.value = false; }}>
    <dl class="keys">${KEYS.map(([key, words]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${t(words)}</dd></div>`)}</dl>
  </${Sheet}>`;
}

/** The keys that work on every view, unless somebody is writing or a sheet is open. */
export function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const key = event.key.toLowerCase();
  if (key === "?") areKeysShown.value = true;
  else if (key === "s") silence();
  else if (key === "w" || key === "e") go("/warn");
  else return;
  event.preventDefault();
}
