/** The operator's home: where what sounds, what is wrong, and the way to a warning. */

import { Alerts } from "./alerts.js";
import { Diagram } from "./diagram.js";
import { html, useEffect } from "./dom.js";
import { Groups, everyOrNone, hasExactly } from "./groups.js";
import { Act, reasonOf } from "./parts.js";
import { go, route } from "./route.js";
import { Shape } from "./shapes.js";
import { choose, chosen, isOld, site, toggle, zones } from "./state.js";
import { WarnSheet } from "./warn.js";
import { said, t } from "./words.js";
import { ZoneCard } from "./zone-card.js";

const TWO_DIGITS_MS = 500;
let typed = "";
let timer = 0;

function typeNumber(digit) {
  const count = zones.value.length;
  typed += digit;
  clearTimeout(timer);
  const finish = () => {
    const zone = zones.value[Number(typed) - 1];
    typed = "";
    if (zone) toggle(zone.id);
  };
  if (Number(typed) * 10 > count || typed.length > 1) finish();
  else timer = setTimeout(finish, TWO_DIGITS_MS);
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  if (/^[0-9]$/.test(event.key)) typeNumber(event.key);
  else if (event.key.toLowerCase() === "a") everyOrNone();
  else if (event.key === "Escape") choose([]);
}

/** What is chosen, and the way from there to a warning. */
export function Choice() {
  const ids = chosen.value;
  const names = zones.value.filter((zone) => ids.has(zone.id)).map((zone) => said(zone.name));
  const speakers = (site.value?.speakers ?? []).filter((one) => ids.has(one.zone)).length;
  return html`<section class="panel choice" aria-label=${t("choosing")}>
    <h2>${ids.size ? `${t("choosing")}: ${t("zonesCount", { n: ids.size })}, ${t("speakers", { n: speakers })}` : t("choosingNone")}</h2>
    <p class="soft">${names.join(", ") || t("choosingHelp")}</p>
    <${Groups} isPressed=${(group) => hasExactly(ids, group)} onPress=${(group) => choose(hasExactly(ids, group) ? [] : group)} />
    <div class="big-acts">
      <${Act} kind="alarm big" keys="w" reason=${reasonOf("raise-missing-person")} onPress=${() => go("/warn")}><${Shape} of="warning" />${t("warn")} <kbd>W</kbd></${Act}>
      <a class="button exercise-link" href="/exercise"><${Shape} of="exercise" />${t("exerciseLink")}</a>
    </div>
  </section>`;
}

export function Overview() {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (!site.value) return html`<p class="empty">${t("loading")}</p>`;
  return html`<div class="overview"><h1 class="visually-hidden">${t("overviewTitle")}</h1>
    <div class="aside"><${Alerts} /><${Choice} /></div>
    <div class="field" data-old=${isOld.value}>
      <${Diagram} zones=${zones.value} isChosen=${(id) => chosen.value.has(id)} onPress=${toggle} />
      <section class="cards" aria-label=${t("zoneCards")}>${zones.value.map((zone) => html`<${ZoneCard} key=${zone.id} zone=${zone} />`)}</section>
    </div>
    ${route.value.path === "/warn" && html`<${WarnSheet} query=${route.value.query} onClose=${() => go("/")} />`}
  </div>`;
}
