/**
 * Listening in to a zone: what the station sent there, as it came back from the network. Pieces of
 * sound are laid end to end a little ahead of time, so it works on plain http and lags 70 ms.
 */

import { html, signal } from "./dom.js";
import { Shape } from "./shapes.js";
import { t } from "./words.js";

/** The zone that is listened to, and how that goes: {zone, state, level}. */
export const listening = signal(null);

const LEAD_S = 0.06;
const LATE_S = 0.5;
const SILENT_MS = 1000;
const QUIETEST_DB = -60;
let stop = () => undefined;

function say(zone, change) {
  if (listening.peek()?.zone === zone) listening.value = { ...listening.peek(), ...change };
}

/** Lay a piece behind those before it; when it is late, leave a gap rather than run after it. */
function lay(context, at, rate, samples) {
  const buffer = context.createBuffer(1, samples.length, rate);
  const sound = buffer.getChannelData(0);
  let power = 0;
  for (let n = 0; n < samples.length; n += 1) {
    sound[n] = samples[n] / 32768;
    power += sound[n] * sound[n];
  }
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  const isOff = at < context.currentTime || at > context.currentTime + LATE_S;
  const start = isOff ? context.currentTime + LEAD_S : at;
  source.start(start);
  return { end: start + buffer.duration, level: 10 * Math.log10(power / samples.length + 1e-9) };
}

function listen(zone) {
  stop();
  listening.value = { zone, state: "listenConnecting", level: undefined };
  const context = new AudioContext();
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/zones/${encodeURIComponent(zone)}/listen`);
  socket.binaryType = "arraybuffer";
  let at = 0, rate = 48_000, heard = 0, shown = 0, isWanted = true, hasOpened = false;
  const look = setInterval(() => {
    if (context.state !== "running") say(zone, { state: "listenBlocked", level: undefined });
    else if (hasOpened && performance.now() - heard > SILENT_MS) say(zone, { state: "listenNothing", level: undefined });
  }, 250);
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      ({ rate } = JSON.parse(data));
      hasOpened = true;
      return;
    }
    const laid = lay(context, at, rate, new Int16Array(data));
    at = laid.end;
    heard = performance.now();
    if (context.state === "running" && heard - shown > 200) {
      shown = heard;
      say(zone, { state: "listenHeard", level: laid.level });
    }
  };
  socket.onclose = () => {
    clearInterval(look);
    context.close();
    if (isWanted) say(zone, { state: "listenEnded", level: undefined });
  };
  stop = () => { isWanted = false; socket.close(); };
}

function end() {
  stop();
  stop = () => undefined;
  listening.value = null;
}

/** Begin to listen to a zone, or end it. */
export function Listen({ zone, name }) {
  const now = listening.value?.zone === zone ? listening.value : null;
  const level = now?.level === undefined ? "" : ` ${t("levelValue", { n: Math.round(Math.max(QUIETEST_DB, now.level)) })}`;
  return html`<span class="listen" data-state=${now?.state}>
    <button type="button" class="button small" aria-pressed=${now !== null} aria-label=${t(now ? "listenStopIn" : "listenTo", { name })} onClick=${() => (now ? end() : listen(zone))}>
      <${Shape} of="notice" />${t(now ? "listenStop" : "listen")}</button>
    ${now && html`<small class="number">${t(now.state)}${level}</small>`}</span>`;
}
