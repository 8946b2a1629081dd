/** Choosing many zones at once: the groups of the site, and all of them. */

import { html } from "./dom.js";
import { choose, chosen, site, zones } from "./state.js";
import { said, t } from "./words.js";

/** Choose every zone; none when all are chosen already. */
export const everyOrNone = () =>
  choose(chosen.value.size === zones.value.length ? [] : zones.value.map((zone) => zone.id));

/** The groups of the site, and all zones, as one press each. */
export function Groups({ isPressed, onPress }) {
  const groups = [{ id: "", name: null, zones: zones.value.map((zone) => zone.id) }, ...(site.value?.groups ?? [])];
  const distinct = groups.filter((group, n) => n === 0 || group.zones.length < zones.value.length);
  return html`<div class="chips" role="group" aria-label=${t("groups")}>${distinct.map((group) =>
    html`<button type="button" key=${group.id} class="chip" aria-pressed=${isPressed(group.zones)} onClick=${() => onPress(group.zones)}>${
      group.name ? said(group.name) : t("chooseAll")}</button>`)}</div>`;
}

export const hasExactly = (set, ids) => set.size === ids.length && ids.every((id) => set.has(id));
