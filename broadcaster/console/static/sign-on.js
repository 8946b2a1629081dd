/** Signing in over a page that goes on: after a session has ended, and at the change of shift. */

import { ask } from "./api.js";
import { giveUpKept, keptActs, notify, signedIn, underWay } from "./acts.js";
import { computed, html, signal, useState } from "./dom.js";
import { Sheet } from "./parts.js";
import { begin, isSignedOut } from "./state.js";
import { spoken } from "./station-words.js";
import { t } from "./words.js";

/** Whether somebody wants to hand this desk over. */
export const isHandingOver = signal(false);
/** Whether the page needs somebody to sign in: the link says so, or an act waits for it. */
const isNeeded = computed(
  () => isSignedOut.value || Object.values(underWay.value).some((one) => one.phase === "kept"),
);

function refusal(error) {
  const { code, wait_s: wait } = error.problem ?? {};
  if (wait) return t("signInWait", { s: Math.ceil(wait) });
  if (code === "code-needed") return t("signInCodeNeeded");
  return code === "wrong-credentials" ? t("signInWrong") : spoken(error.message);
}

function SignInForm({ path, onDone, onCancel }) {
  const [refused, setRefused] = useState(null);
  const [isBusy, setBusy] = useState(false);
  async function submit(event) {
    event.preventDefault();
    const form = event.target;
    setBusy(true);
    setRefused(null);
    try {
      const me = await ask("POST", path, Object.fromEntries(new FormData(form)));
      notify("good", () => t("signedInAs", { name: me.shown }));
      onDone();
    } catch (error) {
      setRefused(error);
      form.elements[error.problem?.where ?? "password"]?.focus();
    } finally {
      setBusy(false);
    }
  }
  return html`<form class="form" onSubmit=${submit}>
    <label>${t("signInName")}<input name="name" autocomplete="username" required maxlength="40" data-first /></label>
    <label>${t("signInPassword")}<input name="password" type="password" autocomplete="current-password" required maxlength="200" /></label>
    <label>${t("signInCode")}<input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" /></label>
    <p class="bad" role="alert">${refused && refusal(refused)}</p>
    <div class="row end">
      <button type="button" class="button" onClick=${onCancel}>${t("cancel")}</button>
      <button class="button main" disabled=${isBusy}>${t("signInDo")}</button>
    </div>
  </form>`;
}

/** The sheet that asks for somebody, when one is needed or wanted. */
export function SignOn() {
  if (isNeeded.value) {
    const kept = keptActs();
    const done = () => { begin(); signedIn(); };
    const leave = () => { giveUpKept(); location.replace("/sign-in"); };
    return html`<${Sheet} key="in" title=${t("signInTitle")} kind="narrow" onClose=${leave}>
      <p>${t("signInHelp")}</p>
      ${kept.map((name) => html`<p class="kept">${t("signInAct", { act: name })}</p>`)}
      <${SignInForm} path="/session" onDone=${done} onCancel=${leave} />
    </${Sheet}>`;
  }
  if (!isHandingOver.value) return null;
  const close = () => { isHandingOver.value = false; };
  return html`<${Sheet} key="over" title=${t("signOverTitle")} kind="narrow" onClose=${close}>
    <p>${t("signOverHelp")}</p>
    <${SignInForm} path="/session/sign-over" onDone=${close} onCancel=${close} />
  </${Sheet}>`;
}

export async function signOut() {
  await ask("DELETE", "/session").catch(() => undefined);
  location.replace("/sign-in");
}
