import { ask } from "./api.js";

const form = document.getElementById("form");
const said = document.getElementById("said");

/** To the page that somebody wanted before they were asked to sign in. */
function goOn() {
  const wanted = sessionStorage.getItem("wanted");
  sessionStorage.removeItem("wanted");
  location.replace(wanted?.match(/^\/(?!\/)/) ? wanted : "/");
}

ask("GET", "/session").then(
  goOn,
  ({ problem }) => {
    if (problem?.setup) location.replace("/setup");
    document.getElementById("sign-on").hidden = !problem?.sign_on;
  },
);

if (location.hash === "#refused") {
  said.textContent = "기관 계정으로 로그인하지 못했습니다 · The organisation's account was refused";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  said.textContent = "";
  try {
    await ask("POST", "/session", Object.fromEntries(new FormData(form)));
    goOn();
  } catch (error) {
    const { code, wait_s: wait } = error.problem ?? {};
    const korean = {
      "wrong-credentials": "이름, 비밀번호 또는 인증 번호가 맞지 않습니다",
      "code-needed": "인증 앱의 번호를 입력하십시오",
      locked: `${Math.ceil(wait)}초 뒤에 다시 시도하십시오`,
      "too-often": `${Math.ceil(wait)}초 뒤에 다시 시도하십시오`,
    }[code];
    said.textContent = korean ? `${korean} · ${error.message}` : error.message;
    form.elements[error.problem?.where ?? "password"]?.focus();
  }
});
