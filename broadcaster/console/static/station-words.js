/** What the station says in sentences of its own, in the language of the screen. */

import { effect, html, signal } from "./dom.js";
import { live } from "./state.js";
import { language } from "./words.js";

const korean = signal(null);

const REFUSALS_LATER_MS = 2000;

// Not needed before there is something to read; nothing is refused before somebody did something.
effect(() => {
  if (language.value !== "ko" || !live.value.heard || korean.peek()) return;
  import("./sentences.js").then(({ inKorean }) => {
    korean.value = inKorean;
    setTimeout(() => import("./refusals.js").then(() => { korean.value = (said) => inKorean(said); }), REFUSALS_LATER_MS);
  }, () => undefined);
});

/** A sentence of the station in the language of the screen. */
export const spoken = (sentence) =>
  language.value === "ko" && korean.value && sentence ? korean.value(String(sentence)).text : sentence;

/** The same as text of a page, with the sentence's code and what the station said. */
export function Sentence({ of }) {
  const known = language.value === "ko" && korean.value && of ? korean.value(String(of)) : { text: of };
  return html`<span data-code=${known.code || null} title=${known.code ? of : null}>${known.text}</span>`;
}
