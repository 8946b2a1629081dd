/**
 * Acts: each has one idempotency key for its whole life, so it can be sent until it is known what
 * became of it. A session that ends in the middle keeps the act; after signing in it goes on.
 */

import { ask, newKey } from "./api.js";
import { signal } from "./dom.js";
import { live } from "./state.js";
import { spoken } from "./station-words.js";
import { t, worded } from "./words.js";

/** Acts under way: {key: {name, subject, since, phase}}; phase is sending, again or kept. */
export const underWay = signal({});
/** What happened, newest last: {id, kind, text}; `text()` is worded when it is shown. */
export const notices = signal([]);

const AGAIN_MS = 700;
const GIVE_UP_MS = 20_000;
const NOTICE_MS = 12_000;
const SHOWN_MS = 1000;
let count = 0;

export function notify(kind, text) {
  const id = (count += 1);
  notices.value = [...notices.value.slice(-3), { id, kind, text }];
  if (kind !== "bad") setTimeout(() => dismiss(id), NOTICE_MS);
}
export function dismiss(id) {
  notices.value = notices.value.filter((one) => one.id !== id);
}

function note(key, change) {
  const next = { ...underWay.value };
  if (change) next[key] = { ...next[key], ...change };
  else delete next[key];
  underWay.value = next;
}

let resume = [];
/** Whoever signs in lets the acts that were kept go on. */
export function signedIn() {
  const kept = resume;
  resume = [];
  kept.forEach((go) => go());
}
/** Whoever gives up signing in gives up the acts that were kept, and is told so. */
export function giveUpKept() {
  const kept = resume;
  resume = [];
  kept.forEach((go) => go(true));
}
/** The names of acts that wait for somebody to sign in. */
export const keptActs = () => Object.values(underWay.value)
  .filter((one) => one.phase === "kept").map((one) => one.name);

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const isTransient = (error) => !error.problem || [429, 504].includes(error.problem.status);

async function sent(method, path, body, key) {
  const began = performance.now();
  for (;;) {
    try {
      return await ask(method, path, body, key);
    } catch (error) {
      const { status, code, wait_s: wait } = error.problem ?? {};
      if (status === 401 && code === "sign-in") {
        note(key, { phase: "kept" });
        const isGivenUp = await new Promise((go) => { resume.push(go); });
        if (isGivenUp) throw error;
        note(key, { phase: "sending" });
      } else if (isTransient(error) && performance.now() - began < GIVE_UP_MS) {
        note(key, { phase: "again" });
        await pause(wait ? wait * 1000 : AGAIN_MS);
      } else {
        throw error;
      }
    }
  }
}

/** Wait until the page has heard of the station again: what a button says must not run ahead of it. */
async function shown() {
  const { revision } = live.value;
  const until = performance.now() + SHOWN_MS;
  while (live.value.revision === revision && performance.now() < until) await pause(50);
}

/**
 * Do an act. `name` is what people call it, `subject` what it is done to.
 * Gives the station's answer; null when it was refused, which is told.
 */
export async function act({ name, subject = "", path, body = {} }) {
  const key = newKey();
  note(key, { name, subject, since: performance.now(), phase: "sending", revision: live.value.revision });
  try {
    const answer = await sent("POST", path, body, key);
    const onAir = Array.isArray(answer.on_air) ? answer.on_air.length : 0;
    if (onAir) notify("good", () => t("onAirIn", { act: name, n: onAir }));
    else notify("good", () => (answer.state ? t("taken", { act: name, state: worded("state", answer.state) }) : t("done", { act: name })));
    if (answer.durable === false) notify("bad", () => t("notDurable"));
    await shown();
    return answer;
  } catch (error) {
    const isUnknown = !error.problem || error.problem.status === 504;
    notify("bad", () => t("failedWas", { act: name, why: isUnknown ? t("unknownOutcome") : spoken(error.message) }));
    return null;
  } finally {
    note(key, null);
  }
}

/**
 * Change what the station keeps, tell what came of it, and `look` at it anew. `done()` words that it
 * was done. Gives whether it was.
 */
export async function change(method, path, body, done, look) {
  try {
    await ask(method, path, body, newKey());
    notify("good", done);
    return true;
  } catch (error) {
    notify("bad", () => spoken(error.message));
    return false;
  } finally {
    await look();
  }
}

/** What a button about a subject says while an act on it is under way; "" when none is. */
export function busyWith(subject, name) {
  const found = Object.values(underWay.value)
    .find((one) => one.subject === subject && (!name || one.name === name));
  if (!found) return "";
  return t(found.phase === "again" ? "sendingAgain" : "sending");
}

/** What a warning would do; nothing is changed by it. */
export const preview = (body) => ask("POST", "/preview", body);
