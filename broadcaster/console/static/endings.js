/** The sheets of acts that ask something first: how it ends, and why. Nothing has to be typed. */

import { act } from "./acts.js";
import { html, useState } from "./dom.js";
import { Act, Hold, Sheet, lockReason } from "./parts.js";
import { may } from "./state.js";
import { said, t, worded } from "./words.js";

/**
 * What each sheet says, and the reasons it offers. A correction goes out with the reason that is
 * pressed; what could end a warning that is needed has to be held.
 */
const SHEETS = {
  correct: { help: "correctHelp", reasons: ["reasonCamera", "reasonMistake", "reasonSite", "reasonTestLeak"] },
  reject: { help: "rejectHelp", reasons: ["reasonSite", "reasonCamera", "reasonFog", "reasonSun", "reasonKnown"] },
  "all-clear": {
    help: "allClearHelp",
    of: [["hazard-over", "clearOver"], ["path-open", "clearOpen"], ["both", "clearBoth"]],
    reasons: ["reasonSite", "reasonWater", "reasonFireOut", "reasonPeopleOut", "reasonOfficial"],
    isHeld: true,
  },
  "step-down": { help: "stepDownHelp", reasons: ["reasonPeopleOut", "reasonWater", "reasonFireOut", "reasonOfficial"], isHeld: true },
  escalate: { help: "escalateHelp", reasons: ["reasonWorse", "reasonSite", "reasonOfficial"], levels: ["warning", "evacuate"], isHeld: true },
  "break-glass": { help: "breakGlassHelp", reasons: ["reasonAlone", "reasonWorse"], isHeld: true },
};
/** How a warning can end: never without a word. */
export const ENDS = ["correct", "all-clear", "step-down"];
const RANKS = ["caution", "warning", "evacuate"];

export const NEEDS_SHEET = new Set([...Object.keys(SHEETS), "stop"]);

const reasonNot = (alert, name) => lockReason() || (may(name) ? "" : t("lockRight")) || (alert.may.includes(name) ? "" : t("lockNow"));

function Which({ alert, onOpen, onClose }) {
  return html`<${Sheet} title=${t("stopTitle")} onClose=${onClose}>
    <p>${t("stopHelp")}</p>
    <div class="ways">${ENDS.map((name) => html`<${Act} key=${name} kind="big" reason=${reasonNot(alert, name)} onPress=${() => onOpen(name)}>
      <b>${worded("act", name)}</b><small>${t(SHEETS[name].help)}</small></${Act}>`)}</div>
    <div class="row end"><button type="button" class="button" data-first onClick=${onClose}>${t("cancel")}</button></div>
  </${Sheet}>`;
}

function Choice({ label, options, value, onChoose }) {
  return html`<fieldset class="radios"><legend>${label}</legend>${options.map(([id, words]) =>
    html`<label><input type="radio" name=${label} value=${id} checked=${value === id} onChange=${() => onChoose(id)} />${words}</label>`)}</fieldset>`;
}

function Asked({ alert, name, onClose }) {
  const sheet = SHEETS[name];
  const label = worded("act", name);
  const levels = (sheet.levels ?? []).filter((level) => RANKS.indexOf(level) > RANKS.indexOf(alert.level_name));
  const [of, setOf] = useState(sheet.of?.[0][0]);
  const [level, setLevel] = useState(levels.at(-1));
  const [why, setWhy] = useState(sheet.reasons[0]);
  const reason = reasonNot(alert, name);
  function send(because) {
    onClose();
    act({
      name: label, subject: alert.id, path: `/alerts/${alert.id}/${name}`,
      body: { reason: t(because), ...(of && { of }), ...(level && { level }) },
    });
  }
  return html`<${Sheet} title=${`${label}: ${said(alert.title)}`} onClose=${onClose}>
    <p>${t(sheet.help)}</p>
    ${sheet.of && html`<${Choice} label=${label} options=${sheet.of.map(([id, words]) => [id, t(words)])} value=${of} onChoose=${setOf} />`}
    ${levels.length > 0 && html`<${Choice} label=${label} options=${levels.map((one) => [one, worded("level", one)])} value=${level} onChoose=${setLevel} />`}
    ${sheet.isHeld
      ? html`<${Choice} label=${t("reasonPick")} options=${sheet.reasons.map((one) => [one, t(one)])} value=${why} onChoose=${setWhy} />
        <div class="row end"><button type="button" class="button" data-first onClick=${onClose}>${t("cancel")}</button>
        <${Hold} kind="main" onHeld=${() => send(why)} reason=${reason}>${label}</${Hold}></div>`
      : html`<p class="soft">${t("reasonTitle")}</p>
        <div class="ways">${sheet.reasons.map((one) => html`<${Act} key=${one} kind="big" reason=${reason} onPress=${() => send(one)}>${t(one)}</${Act}>`)}</div>
        <div class="row end"><button type="button" class="button" data-first onClick=${onClose}>${t("cancel")}</button></div>`}
  </${Sheet}>`;
}

/** The sheet of an act on an alert. */
export function EndingSheet({ alert, name, onOpen, onClose }) {
  if (name === "stop") return html`<${Which} alert=${alert} onOpen=${onOpen} onClose=${onClose} />`;
  return html`<${Asked} key=${name} alert=${alert} name=${name} onClose=${onClose} />`;
}
