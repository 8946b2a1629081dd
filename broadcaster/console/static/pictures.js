/** The pictures of an alert, after somebody said what they look for: that goes on record. */

import { html, useState } from "./dom.js";
import { Act, Sheet } from "./parts.js";
import { may } from "./state.js";
import { styled } from "./style.js";
import { know, said, t } from "./words.js";

/** [Korean, English]. */
know({
  picturesTitle: ["사진: {title}", "Pictures: {title}"],
  picturesHelp: ["지나던 사람이 찍힌 사진입니다. 누가 무엇을 위해 봤는지 기록됩니다.", "They show people who were merely passing by. Who looked, and what for, goes on record."],
  picturesPurpose: ["보는 목적", "What they are looked at for"],
  picturesDeciding: ["경보 여부 판단", "To decide about the warning"],
  picturesShort: ["보는 목적을 네 글자 이상 적으십시오", "Write what for, in four letters at least"],
  picturesShow: ["사진 보기", "Show the pictures"],
  pictureOf: ["사진 {n}", "Picture {n}"],
  pictureGone: ["이 사진은 없습니다. 30일 동안 보관합니다.", "This picture is gone; they are kept for 30 days."],
});
await styled("views.css");

const SHORTEST = 4;

function Picture({ name, number, query }) {
  const [isGone, setGone] = useState(false);
  const words = t("pictureOf", { n: number });
  return html`<figure>${isGone ? html`<p class="empty">${t("pictureGone")}</p>`
    : html`<img src=${`/api/v1/pictures/${encodeURIComponent(name)}?${query}`} alt=${words} onError=${() => setGone(true)} />`}
    <figcaption class="soft">${words}</figcaption></figure>`;
}

/** The sheet. Whoever decides about the alert has a purpose already; others write theirs. */
export function PicturesSheet({ alert, onClose }) {
  const [purpose, setPurpose] = useState(may("confirm") ? t("picturesDeciding") : "");
  const [isShown, setShown] = useState(false);
  const query = new URLSearchParams({ purpose: purpose.trim(), alert: alert.id });
  return html`<${Sheet} title=${t("picturesTitle", { title: said(alert.title) })} kind="pictures" onClose=${onClose}>
    <p>${t("picturesHelp")}</p>
    ${isShown
    ? html`<div class="picture-list">${alert.pictures.toReversed().map((name, n) => html`<${Picture} key=${name} name=${name} number=${n + 1} query=${query} />`)}</div>`
    : html`<form class="form" onSubmit=${(event) => { event.preventDefault(); if (purpose.trim().length >= SHORTEST) setShown(true); }}>
      <label>${t("picturesPurpose")}<input value=${purpose} maxlength="200" data-first onInput=${(event) => setPurpose(event.currentTarget.value)} /></label>
      <div class="row end"><${Act} kind="main" reason=${purpose.trim().length < SHORTEST ? t("picturesShort") : ""} onPress=${() => setShown(true)}>${t("picturesShow")}</${Act}></div>
    </form>`}
  </${Sheet}>`;
}
