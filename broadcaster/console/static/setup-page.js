import { ask } from "./api.js";

const form = document.getElementById("form");
const said = document.getElementById("said");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  said.textContent = "";
  try {
    await ask("POST", "/setup", Object.fromEntries(new FormData(form)));
    location.replace("/");
  } catch (error) {
    said.textContent = error.message;
    form.elements[error.problem?.where ?? "code"]?.focus();
  }
});
