import { follow, isStale } from "./api.js";

const WORDS = { true: "예 yes", false: "아니오 NO", undefined: "알 수 없음 unknown" };
const link = document.getElementById("link");
const zones = document.getElementById("zones");
let live = null;

function cell(text) {
  const made = document.createElement("td");
  made.textContent = text;
  return made;
}

function show() {
  const isOld = !live || isStale(live);
  document.body.classList.toggle("stale", isOld);
  const words = isOld
    ? "연결 끊김: 아래 내용은 오래된 것입니다 · link lost: what is below is old"
    : "실시간 · live";
  if (link.textContent !== words) link.textContent = words;
}

follow((now) => {
  live = now;
  document.getElementById("who").textContent = live.me?.shown ?? "";
  zones.replaceChildren(...Object.values(live.state.streams ?? {}).map((stream) => {
    const row = document.createElement("tr");
    row.append(
      cell(stream.zone_name?.ko ?? stream.zone), cell(stream.commanded?.title ?? ""),
      cell(WORDS[stream.sent]), cell(WORDS[stream.arrived]),
    );
    return row;
  }));
  show();
}, () => location.replace("/sign-in"));
setInterval(show, 250);
