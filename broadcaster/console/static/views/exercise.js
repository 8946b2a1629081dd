/** Exercises: a page of their own, in a colour of their own, from which nothing real can be sent. */

import { act, busyWith } from "../acts.js";
import { ExerciseCard } from "../alerts.js";
import { Diagram } from "../diagram.js";
import { html, useState } from "../dom.js";
import { Groups, hasExactly } from "../groups.js";
import { Hold, reasonOf } from "../parts.js";
import { Review, usePreview } from "../review.js";
import { Shape } from "../shapes.js";
import { spoken } from "../station-words.js";
import { exercises, site, sounding, waiting, zones } from "../state.js";
import { styled } from "../style.js";
import { know, said, t } from "../words.js";

/** [Korean, English]. */
know({
  exerciseTitle: ["훈련 방송", "Exercise"],
  exerciseHelp: ["훈련이라고 먼저 말하고, 실제 경보가 오면 바로 끝납니다. 이 화면에서는 실제 경보를 보낼 수 없습니다.", "It says first that it is an exercise, and a real warning ends it at once. No real warning can be sent from this page."],
  exerciseReal: ["실제 경보가 있는 동안에는 훈련할 수 없습니다", "There is no exercise beside a real warning"],
  exerciseWhere: ["어디에", "Where"],
  exerciseCheck: ["확인하고 시작하기", "Check and begin"],
  exerciseFor: ["얼마 동안", "How long"],
  minutes: ["{n}분", "{n} min"],
  holdToExercise: ["{n}개 구간에 훈련 방송", "Exercise in {n} zones"],
  exerciseRunning: ["진행 중인 훈련", "Running exercises"],
  exerciseNone: ["진행 중인 훈련이 없습니다", "No exercise is running"],
});
await styled("views.css");

const SUBJECT = "a new exercise";
const MINUTES = [2, 5, 10, 30];

export function View() {
  // Its own choice of zones: what was chosen for a warning is never carried over, nor the other way.
  const [picked, setPicked] = useState(new Set());
  const [minutes, setMinutes] = useState(5);
  const offered = (site.value?.messages ?? []).filter((one) => one.purpose === "exercise");
  const [message, setMessage] = useState("");
  const ids = zones.value.filter((zone) => picked.has(zone.id)).map((zone) => zone.id);
  const says = message || offered[0]?.id;
  const request = ids.length && says ? { exercise: true, message: says, zones: ids } : null;
  const known = usePreview(request);
  const label = t("actExercise");
  const isReal = sounding.value.length + waiting.value.length > 0;
  const whyNot = reasonOf("exercise") || (isReal ? t("exerciseReal") : "") || (!ids.length ? t("needZones") : !known?.answer ? spoken(known?.problem) ?? t("needPreview") : "");
  const toggle = (id) => setPicked((before) => { const next = new Set(before); if (!next.delete(id)) next.add(id); return next; });
  async function send() {
    const answer = await act({ name: label, subject: SUBJECT, path: "/exercises", body: { message: says, zones: ids, seconds: minutes * 60 } });
    if (answer) setPicked(new Set());
  }
  return html`<div class="exercise-page">
    <header><h1><${Shape} of="exercise" big /> ${t("exerciseTitle")}</h1><p>${t("exerciseHelp")}</p></header>
    <section class="panel"><h2>${t("exerciseRunning")}</h2>
      ${exercises.value.length ? exercises.value.map((one) => html`<${ExerciseCard} key=${one.id} exercise=${one} />`) : html`<p class="soft">${t("exerciseNone")}</p>`}</section>
    <section class="panel"><h2>${t("exerciseWhere")}</h2>
      <${Groups} isPressed=${(group) => hasExactly(picked, group)} onPress=${(group) => setPicked(new Set(hasExactly(picked, group) ? [] : group))} />
      <${Diagram} zones=${zones.value} isChosen=${(id) => picked.has(id)} onPress=${toggle} isSmall /></section>
    <section class="panel"><h2>${t("exerciseCheck")}</h2>
      ${offered.length > 1 && html`<div class="chips" role="group" aria-label=${t("stepTemplate")}>${offered.map((one) => html`<button type="button" class="chip" aria-pressed=${says === one.id} onClick=${() => setMessage(one.id)}>${said(one.title)}</button>`)}</div>`}
      <div class="chips" role="group" aria-label=${t("exerciseFor")}>${MINUTES.map((n) => html`<button type="button" class="chip" aria-pressed=${minutes === n} onClick=${() => setMinutes(n)}>${t("minutes", { n })}</button>`)}</div>
      <${Review} known=${known} isAsked=${request !== null} />
      <${Hold} kind="drill big" onHeld=${send} reason=${whyNot} busy=${busyWith(SUBJECT)}>${t("holdToExercise", { n: ids.length })}</${Hold}></section>
  </div>`;
}
