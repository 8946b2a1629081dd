/** One's own password and authenticator app. */

import { notify } from "../acts.js";
import { ask } from "../api.js";
import { html, useState } from "../dom.js";
import { me } from "../state.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, t } from "../words.js";

/** [Korean, English]. */
know({
  accountTitle: ["내 계정: {name}", "My account: {name}"],
  accountPassword: ["비밀번호 바꾸기", "Change the password"],
  accountOld: ["지금 비밀번호", "Password now"],
  accountNew: ["새 비밀번호 (10자 이상)", "New password (10 characters or more)"],
  accountAgain: ["새 비밀번호 한 번 더", "New password once more"],
  accountDiffers: ["새 비밀번호 두 개가 다릅니다", "The two new passwords differ"],
  accountChange: ["바꾸기", "Change"],
  accountChanged: ["비밀번호를 바꿨습니다. 다른 접속은 끝났습니다.", "The password is changed. Your other sessions have ended."],
  accountCodes: ["인증 앱", "Authenticator app"],
  accountCodesHelp: ["비밀번호와 함께 휴대전화 앱의 번호를 묻습니다. 이미 쓰고 있으면 새 앱으로 바뀝니다.", "Signing in asks for a number of the app on your phone as well. An app in use is replaced by the new one."],
  accountCodesBegin: ["인증 앱 연결", "Connect an app"],
  accountSecret: ["앱에 이 열쇠를 넣으십시오", "Type this key into the app"],
  accountOpen: ["이 기기의 앱에서 열기", "Open in an app on this device"],
  accountCode: ["앱에 보이는 번호", "The number the app shows"],
  accountCodesDo: ["연결하기", "Connect"],
  accountCodesDone: ["이제 로그인할 때 앱의 번호를 묻습니다", "Signing in asks for the app's codes from now on"],
});
await styled("views.css");

/** Send a form, and tell by the text `done` that it was done; what was refused stays on the form. */
function useSending() {
  const [said, setSaid] = useState("");
  async function send(method, path, body, done) {
    setSaid("");
    try {
      const answer = await ask(method, path, body);
      if (done) notify("good", () => t(done));
      return answer;
    } catch (error) {
      setSaid(error.message);
      return null;
    }
  }
  return [said, setSaid, send];
}

const inGroups = (secret) => secret.match(/.{1,4}/g).join(" ");

function Password() {
  const [said, setSaid, send] = useSending();
  async function submit(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const { old, new: fresh, again } = Object.fromEntries(new FormData(form));
    if (fresh !== again) setSaid(t("accountDiffers"));
    else if (await send("POST", "/session/password", { old, new: fresh }, "accountChanged")) form.reset();
  }
  return html`<section class="panel"><h2>${t("accountPassword")}</h2><form class="form" onSubmit=${submit}>
    <input type="text" name="username" autocomplete="username" value=${me.value.name} hidden />
    <label>${t("accountOld")}<input name="old" type="password" autocomplete="current-password" required maxlength="200" /></label>
    <label>${t("accountNew")}<input name="new" type="password" autocomplete="new-password" required maxlength="200" /></label>
    <label>${t("accountAgain")}<input name="again" type="password" autocomplete="new-password" required maxlength="200" /></label>
    <p class="bad" role="alert">${spoken(said)}</p><div class="row end"><button class="button main">${t("accountChange")}</button></div></form></section>`;
}

function Codes() {
  const [said, , send] = useSending();
  const [offered, setOffered] = useState(null);
  const begin = async () => setOffered(await send("POST", "/session/codes"));
  async function submit(event) {
    event.preventDefault();
    const { code, password } = Object.fromEntries(new FormData(event.currentTarget));
    const body = { password, code: code.trim(), secret: offered.secret };
    if (await send("PUT", "/session/codes", body, "accountCodesDone")) setOffered(null);
  }
  return html`<section class="panel"><h2>${t("accountCodes")}</h2><p class="soft">${t("accountCodesHelp")}</p>
    ${offered ? html`<form class="form" onSubmit=${submit}>
      <p>${t("accountSecret")}<br /><code class="secret">${inGroups(offered.secret)}</code></p>
      <p><a href=${offered.address}>${t("accountOpen")}</a></p>
      <label>${t("accountCode")}<input name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="12" /></label>
      <label>${t("accountOld")}<input name="password" type="password" autocomplete="current-password" required maxlength="200" /></label>
      <p class="bad" role="alert">${spoken(said)}</p><div class="row end"><button class="button main">${t("accountCodesDo")}</button></div></form>`
    : html`<p class="bad" role="alert">${spoken(said)}</p><button type="button" class="button" onClick=${begin}>${t("accountCodesBegin")}</button>`}</section>`;
}

export function View() {
  if (!me.value) return html`<p class="empty">${t("loading")}</p>`;
  return html`<div class="log-view account-page"><h1>${t("accountTitle", { name: me.value.shown })}</h1><${Password} /><${Codes} /></div>`;
}
