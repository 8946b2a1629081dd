/** One zone: what is commanded, sent, arrived and heard there, each by its own witness. */

import { html } from "./dom.js";
import { look } from "./diagram.js";
import { Listen } from "./listen.js";
import { Fact, Kind, Level } from "./parts.js";
import { Shape } from "./shapes.js";
import { chosen, toggle } from "./state.js";
import { Sentence } from "./station-words.js";
import { otherwise, said, t } from "./words.js";

export function ZoneCard({ zone }) {
  const isChosen = chosen.value.has(zone.id);
  return html`<article class="card zone" data-look=${look(zone)} data-zone=${zone.id} data-chosen=${isChosen}>
    <h3><button type="button" class="zone-name" aria-pressed=${isChosen} onClick=${() => toggle(zone.id)}>
      <span class="key" aria-hidden="true">${zone.number}</span><span class="names">${said(zone.name)}<small lang="">${otherwise(zone.name)}</small></span>
    </button></h3>
    <p class="on-air"><${Kind} zone=${zone} /><span class="title">${zone.titles.map(said).join(", ") || (zone.kind !== "hush" && zone.commanded?.title) || t("nothing")}</span></p>
    <${Level} value=${zone.level} isSent=${zone.sent} />
    <dl class="facts" aria-label=${t("facts")}>
      <${Fact} name="commanded" value=${zone.commanded ? true : undefined} otherwise="unknown" />
      <${Fact} name="sent" value=${zone.sent} />
      <${Fact} name="arrived" value=${zone.arrived} otherwise=${zone.isArrivalWatched ? "unknown" : "unsupervised"} />
      <${Fact} name="audible" value=${zone.audible} otherwise=${zone.isSoundWatched ? "unknown" : "unsupervised"} />
    </dl>
    <${Listen} zone=${zone.id} name=${said(zone.name)} />
    ${zone.overriddenIn.map((alert) => html`<p class="tag"><${Shape} of="overridden" />${t("overriddenHere")}: ${said(alert.title)}</p>`)}
    ${zone.reason && html`<p class="tag"><${Shape} of="no" /><${Sentence} of=${zone.reason} /></p>`}
  </article>`;
}
