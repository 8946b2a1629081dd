import { ask } from "./api.js";

const form = document.getElementById("form");
const said = document.getElementById("said");

ask("GET", "/session").then(
  () => location.replace("/"),
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
    location.replace("/");
  } catch (error) {
    said.textContent = error.message;
    form.elements[error.problem?.where ?? "password"]?.focus();
  }
});
