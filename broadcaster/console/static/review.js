/** What would be said, where, naming what, interrupting what: asked of the station, never guessed. */

import { preview } from "./acts.js";
import { html, useEffect, useState } from "./dom.js";
import { Shape } from "./shapes.js";
import { isOld, living, site, zoneById } from "./state.js";
import { Sentence } from "./station-words.js";
import { said, t, worded } from "./words.js";

const SETTLE_MS = 120;

/**
 * The station's preview of a request, null before it is known. It belongs to the request that is
 * asked now: an answer to an earlier one is never shown.
 */
export function usePreview(body) {
  const text = body ? JSON.stringify(body) : "";
  const [known, setKnown] = useState({ text: "" });
  useEffect(() => {
    if (!text || isOld.value) return undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      preview(JSON.parse(text)).then(
        (answer) => isWanted && setKnown({ text, answer }),
        (error) => isWanted && setKnown({ text, problem: error.message }),
      );
    }, SETTLE_MS);
    return () => { isWanted = false; clearTimeout(timer); };
  }, [text, isOld.value]);
  return text && known.text === text ? known : null;
}

/** What is called by its kind where it has no name of its own. */
const KINDS = new Set(["programme", "notice", "page", "exercise", "warning"]);
/** The station calls what sounds by its English title; where a message has it, by its own language's. */
function titled(title) {
  if (KINDS.has(title)) return worded("kind", title);
  const found = [...living.value, ...(site.value?.messages ?? [])].find((one) => one.title.en === title);
  return found ? said(found.title) : title;
}

const LANGUAGES = { ko: "한국어", en: "English", zh: "中文", ja: "日本語" };

function Exits({ answer }) {
  const named = Object.entries(answer.exits ?? {});
  if (!named.length) return html`<p>${t("exitsNone")}</p>`;
  return html`<ul class="plain-list">${named.map(([zone, exit]) => html`<li><b>${said(zoneById.value.get(zone)?.name) || zone}</b> → ${said(exit)}</li>`)}
    ${named.length < answer.zones.length && html`<li class="soft">${t("exitsElsewhere")}</li>`}</ul>`;
}

function Interrupts({ answer }) {
  const found = answer.interrupts ?? [];
  if (!found.length) return html`<p>${t("interruptsNone")}</p>`;
  return html`<ul class="plain-list">${found.map((one) => html`<li>${one.gives_way ? "" : html`<${Shape} of="overridden" />`}<b>${titled(one.title)}</b> · ${t("zonesCount", { n: one.zones.length })}${one.gives_way ? "" : ` · ${t("givesWayNot")}`}</li>`)}</ul>`;
}

/** The review of a request; `known` is what usePreview gives. */
export function Review({ known, isAsked }) {
  if (!isAsked) return html`<p class="empty">${t("reviewNeeds")}</p>`;
  if (!known) return html`<p class="empty">${t("reviewLoading")}</p>`;
  if (known.problem) return html`<p class="bad" role="alert"><${Shape} of="no" /><${Sentence} of=${known.problem} /></p>`;
  const { answer } = known;
  const zones = answer.zones.map((id) => said(zoneById.value.get(id)?.name) || id);
  const speakers = (site.value?.speakers ?? []).filter((one) => answer.zones.includes(one.zone)).length;
  return html`<div class="review">
    <p class="review-head"><b>${said(answer.title)}</b> · ${worded("level", answer.level_name)} · ${t("zonesCount", { n: zones.length })} · ${t("speakers", { n: speakers })}</p>
    <p class="soft">${zones.join(", ")}</p>
    ${answer.second_person && html`<p class="tag"><${Shape} of="person" />${t("secondNeeded")}</p>`}
    ${(answer.notes ?? []).map((note) => html`<p class="tag"><${Shape} of="no" /><${Sentence} of=${note} /></p>`)}
    <dl class="texts" aria-label=${t("text")}>${Object.entries(answer.text ?? {}).map(([language, text]) => html`<div><dt>${LANGUAGES[language] ?? language}</dt><dd lang=${language}>${text}</dd></div>`)}</dl>
    ${answer.level_name !== "exercise" && html`<h4>${t("exitsNamed")}</h4><${Exits} answer=${answer} />`}
    <h4>${t("interrupts")}</h4><${Interrupts} answer=${answer} />
  </div>`;
}
