/** The paths drawn straight: each zone a stretch as long as it is, with exits and cameras. */

import { html } from "./dom.js";
import { Shape } from "./shapes.js";
import { site } from "./state.js";
import { said, t } from "./words.js";

const percent = (metres, whole) => `${(100 * metres) / whole}%`;

/** What a zone looks like from afar: the worst that is so. */
export function look(zone) {
  if (zone.kind === "warning") return zone.isEnding ? "ending" : "warning";
  if (zone.overriddenIn.length) return "overridden";
  if (zone.sent === false || zone.arrived === false || zone.audible === false) return "no";
  if (zone.kind === "exercise") return "exercise";
  return zone.kind;
}

/** `look` in words. */
export function lookWord(zone) {
  const is = look(zone);
  if (is === "no") return t("faultHere");
  if (is === "overridden") return t("overriddenHere");
  return t(`kind${is[0].toUpperCase()}${is.slice(1)}`);
}

function Stretch({ zone, whole, isChosen, onPress }) {
  return html`<button type="button" class="stretch" data-look=${look(zone)} aria-pressed=${isChosen}
    style=${{ left: percent(zone.start_m, whole), width: percent(zone.end_m - zone.start_m, whole) }}
    title=${`${said(zone.name)} · ${t("metres", { n: zone.start_m })}–${t("metres", { n: zone.end_m })}`} onClick=${() => onPress(zone.id)}>
    <span class="visually-hidden">${said(zone.name)}: ${lookWord(zone)}</span>
    <span class="short" aria-hidden="true">${said(zone.short)}</span><span class="digits" aria-hidden="true">${zone.number}</span><span class="state" aria-hidden="true"><${Shape} of=${look(zone)} /><span>${lookWord(zone)}</span></span>
  </button>`;
}

function Line({ path, zones, longest, isChosen, onPress, isSmall }) {
  const whole = path.length_m;
  const exits = (site.value.exits ?? []).filter((one) => one.path === path.id);
  return html`<section class="line" style=${{ "--share": whole / longest }} aria-label=${said(path.name)}>
    <h3>${said(path.name)} <small>${whole >= 1000 ? `${whole / 1000} km` : t("metres", { n: whole })}</small></h3>
    <div class="track">
      ${zones.map((zone) => html`<${Stretch} key=${zone.id} zone=${zone} whole=${whole} isChosen=${isChosen(zone.id)} onPress=${onPress} />`)}
    </div>
    ${!isSmall && html`<ul class="exits" aria-label=${t("exits")}>${exits.map((one, n) =>
      html`<li style=${{ left: percent(Math.min(one.distance_m, whole), whole) }} data-row=${n % 2} data-end=${one.distance_m > whole * 0.9 ? "last" : one.distance_m < whole * 0.1 ? "first" : null}>
        <${Shape} of="exit" /><span>${said(one.name)}</span></li>`)}</ul>`}
  </section>`;
}

/** Every path with its zones; pressing one calls `onPress(id)`. */
export function Diagram({ zones, isChosen, onPress, isSmall = false }) {
  const paths = site.value?.paths ?? [];
  const longest = Math.max(...paths.map((path) => path.length_m), 1);
  return html`<div class=${isSmall ? "diagram small" : "diagram"} role="group" aria-label=${t("diagram")}>
    ${paths.map((path) => html`<${Line} key=${path.id} path=${path} longest=${longest} isSmall=${isSmall}
      zones=${zones.filter((zone) => zone.path === path.id)} isChosen=${isChosen} onPress=${onPress} />`)}
  </div>`;
}
