/** Small parts that every view is made of. */

import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "./dom.js";
import { lock, site, why } from "./state.js";
import { Shape } from "./shapes.js";
import { t } from "./words.js";

/**
 * A button that gives a command. `reason` is why it can't be pressed now, in words; then it stays
 * reachable and says so. `busy` is what it says while the command is under way.
 */
export function Act({ onPress, reason, busy, kind = "plain", children, keys, ...more }) {
  const id = useId();
  const isOff = Boolean(reason || busy);
  return html`<span class="act">
    <button type="button" class=${`button ${kind}`} aria-disabled=${isOff ? "true" : null}
      aria-describedby=${reason ? id : null} aria-keyshortcuts=${keys} title=${reason || null}
      onClick=${isOff ? null : onPress} ...${more}>${busy || children}</button>
    ${reason && html`<span class="reason" id=${id}>${reason}</span>`}
  </span>`;
}

/** The reason why an act of the table of rights is not possible, in words. */
export const reasonOf = (right) => (why(right) ? t(why(right)) : "");
export const lockReason = () => (lock.value ? t(lock.value) : "");

const HOLD_MS = 1000;

/** A button that acts only when it is held for a second, by pointer or by keyboard. */
export function Hold({ onHeld, reason, busy, kind = "alarm", children, handle }) {
  const id = useId();
  const [state, setState] = useState("idle");
  const timer = useRef(0);
  const stop = (to) => {
    clearTimeout(timer.current);
    timer.current = 0;
    setState(to);
  };
  const start = () => {
    if (reason || busy || timer.current) return;
    setState("held");
    timer.current = setTimeout(() => { stop("idle"); onHeld(); }, HOLD_MS);
  };
  const leave = () => { if (timer.current) stop("short"); };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => { if (reason || busy) leave(); }, [reason, busy]);
  if (handle) handle.current = { start, leave };
  const isHoldKey = (event) => event.key === " " || event.key === "Enter";
  return html`<span class="act wide">
    <button type="button" class=${`button hold ${kind}`} data-state=${state}
      aria-disabled=${reason || busy ? "true" : null} aria-describedby=${id}
      onPointerDown=${(event) => { if (event.button === 0) { event.currentTarget.focus(); start(); } }}
      onPointerUp=${leave} onPointerLeave=${leave} onPointerCancel=${leave}
      onContextMenu=${(event) => event.preventDefault()} onBlur=${leave}
      onKeyDown=${(event) => { if (isHoldKey(event)) { event.preventDefault(); if (!event.repeat) start(); } }}
      onKeyUp=${(event) => { if (isHoldKey(event)) leave(); }}>
      <span>${busy || children}</span>
    </button>
    <span class="reason" id=${id} role="status">${
      reason || (busy ? "" : t({ idle: "holdOneSecond", held: "holdOn", short: "holdLonger" }[state]))
    }</span>
  </span>`;
}

/** A sheet over the page. Escape and the cross leave it; what has data-first gets the focus. */
export function Sheet({ title, kind = "", onClose, onKey, onKeyEnd, children }) {
  const dialog = useRef(null);
  const id = useId();
  useLayoutEffect(() => {
    const opened = dialog.current;
    const before = document.activeElement;
    opened.showModal();
    opened.querySelector("[data-first]")?.focus();
    return () => { opened.close(); before?.focus?.(); };
  }, []);
  return html`<dialog ref=${dialog} class=${`sheet ${kind}`} aria-labelledby=${id}
      onKeyDown=${onKey} onKeyUp=${onKeyEnd} onCancel=${(event) => { event.preventDefault(); onClose(); }}>
    <header class="sheet-head"><h2 id=${id}>${title}</h2>
      <button type="button" class="button icon" onClick=${onClose} aria-label=${t("close")}><${Shape} of="close" /></button>
    </header>
    ${children}
  </dialog>`;
}

const FACT_WORDS = { true: "yes", false: "no" };

/** One of the four facts: its name, its sign, its word. */
export function Fact({ name, value, otherwise = "unknown" }) {
  const word = FACT_WORDS[value] ?? otherwise;
  return html`<div class="fact" data-value=${word}>
    <dt>${t(name)}</dt><dd><${Shape} of=${word} />${t(word)}</dd>
  </div>`;
}

/** What kind of sound is commanded, with its sign. */
export const Kind = ({ zone }) => {
  const kind = zone.isEnding ? "ending" : zone.kind;
  return html`<span class="kind" data-kind=${kind}><${Shape} of=${kind} />${
    t(`kind${kind[0].toUpperCase()}${kind.slice(1)}`)}</span>`;
};

const QUIETEST = -60;

/** A level in dB below full scale, as a bar and a number. */
export function Level({ value, isSent }) {
  const share = value === undefined ? 0 : Math.max(0, Math.min(1, 1 - value / QUIETEST));
  const words = value === undefined ? t(isSent ? "kindSilent" : "levelNone") : t("levelValue", { n: Math.round(value) });
  return html`<div class="level" role="img" aria-label=${`${t("level")}: ${words}`}>
    <span class="bar"><span style=${{ transform: `scaleX(${share})` }}></span></span>
    <span class="number">${words}</span>
  </div>`;
}

/** The time of day at the station, whatever the browser's own zone. */
export function clockTime(date, zone) {
  return new Intl.DateTimeFormat("sv-SE", {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZone: zone,
  }).format(date);
}

/** A date and time at the station, from UTC seconds. */
export function dateAndTime(seconds) {
  const date = new Date(seconds * 1000);
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: site.value?.time_zone }).format(date);
  return `${day} ${clockTime(date, site.value?.time_zone)}`;
}
