/** The alarm sound of this browser: a call while somebody has to decide, and its own state. */

import { computed, effect, signal } from "./dom.js";
import { isOld, live, sounding, suspected, waiting } from "./state.js";

let context = null;
const isBlocked = signal(true);
/** What was there when somebody silenced the sound; anything new rings again. */
const silenced = signal(new Set());

const causes = computed(() => [
  ...waiting.value.filter((one) => one.calling || !one.path).map((one) => `${one.id} ${one.state}`),
  ...sounding.value.filter((one) => one.calling).map((one) => `${one.id} ${one.calling.why}`),
  ...suspected.value.map((one) => `suspected ${one.source} ${one.at}`),
  ...(isOld.value && live.value.heard ? ["link"] : []),
]);
const isRinging = computed(() => causes.value.some((cause) => !silenced.value.has(cause)));

/** on, blocked (the browser waits for a click), ringing, or quiet (somebody silenced it). */
export const alarmSound = computed(() => {
  if (isBlocked.value) return "blocked";
  if (isRinging.value) return "ringing";
  return causes.value.length ? "quiet" : "on";
});

/** Browsers let a page make sound only after somebody touched it. */
export async function unblock() {
  context ??= new AudioContext();
  context.onstatechange = () => { isBlocked.value = context.state !== "running"; };
  if (context.state !== "running") await context.resume().catch(() => undefined);
  isBlocked.value = context.state !== "running";
}
export function silence() {
  silenced.value = new Set(causes.value);
}

const TONES = [880, 660];
const TONE_S = 0.22;

function call() {
  if (!context || context.state !== "running" || !isRinging.value) return;
  TONES.forEach((pitch, n) => {
    const at = context.currentTime + n * TONE_S;
    const tone = new OscillatorNode(context, { frequency: pitch, type: "triangle" });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setTargetAtTime(0.3, at, 0.01);
    volume.gain.setTargetAtTime(0, at + TONE_S - 0.05, 0.02);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + TONE_S + 0.1);
  });
}

/** Begin to ring when there is cause. */
export function beginSound() {
  unblock();
  for (const event of ["pointerdown", "keydown"]) {
    addEventListener(event, unblock, { capture: true, passive: true });
  }
  effect(() => { if (isRinging.value) call(); });
  setInterval(call, 1500);
}
