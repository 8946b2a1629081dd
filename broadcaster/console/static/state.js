/**
 * What this page knows of the station. `live` is replaced with every message; everything else
 * follows from it. Nothing here is assumed: what nobody has said is `undefined`.
 */

import { ask, follow, isStale } from "./api.js";
import { computed, effect, signal } from "./dom.js";

/** {state, me, control, age_s, heard, utc}; see `follow`. */
export const live = signal({ state: {}, me: null, control: "lost", age_s: null, heard: 0, utc: null });
/** performance.now(), four times a second. */
export const now = signal(performance.now());
/** The site's geometry and messages, as GET /site gives them; null until known. */
export const site = signal(null);
/** Whether the session has ended while the page goes on. */
export const isSignedOut = signal(false);
/** Ids of zones that are chosen, for the next act. */
export const chosen = signal(new Set());

const began = performance.now();
const GRACE_MS = 1500;

/** Whether there was time to hear of the station and nothing came, or it came too long ago. */
export const isOld = computed(() => {
  now.value;
  return isStale(live.value) && performance.now() - began > (live.value.heard ? 0 : GRACE_MS);
});
/** Seconds since control last said something; null before the first word. */
export const age = computed(() => {
  const { heard, age_s } = live.value;
  return heard ? (age_s ?? 0) + Math.max(0, now.value - heard) / 1000 : null;
});
export const me = computed(() => live.value.me);
export const may = (right) => me.value?.rights?.includes(right) ?? false;

/** Why nothing can be commanded now, as a key of the words; "" when it can. */
export const lock = computed(() => {
  if (isOld.value) return "lockStale";
  if (!live.value.heard) return "lockLoading";
  return "";
});
/** Why somebody can't do an act, as a key of the words; "" when they can. */
export const why = (right) => lock.value || (may(right) ? "" : "lockRight");

const state = computed(() => live.value.state);
const listed = (group) => Object.values(group ?? {});

/** Real alerts and exercises that live or ended of late: the most urgent first, then the newest. */
export const alerts = computed(() => listed(state.value.alerts).sort(
  (a, b) => b.level - a.level || (b.raised_at ?? "").localeCompare(a.raised_at ?? ""),
));
const ENDED = new Set(["closed", "dropped", "rejected", "expired_unaired", "ended"]);
const WAITING = new Set(["detected", "pending", "held"]);
export const isOver = (alert) => ENDED.has(alert.state);
export const isWaiting = (alert) => WAITING.has(alert.state) || alert.rise !== undefined;
export const living = computed(() => alerts.value.filter((one) => !isOver(one)));
/** Real warnings that sound. */
export const sounding = computed(() => living.value.filter(
  (one) => one.nature === "real" && !WAITING.has(one.state),
));
/** Detections, second persons and escalations that wait for somebody. */
export const waiting = computed(() => living.value.filter(
  (one) => one.nature === "real" && isWaiting(one),
));
export const exercises = computed(() => living.value.filter((one) => one.nature === "exercise"));
export const suspected = computed(() => listed(state.value.suspected));
export const faults = computed(() => listed(state.value.faults));
export const stationName = computed(() => state.value.site ?? site.value?.name);

/** The worst of several facts: no, then unknown, then yes. */
function all(values) {
  if (values.some((value) => value === false)) return false;
  return values.length > 0 && values.every((value) => value === true) ? true : undefined;
}

/** Below this nothing was to be heard: a pause between two repeats speaks against nobody. */
const QUIET_DBFS = -70;

/**
 * Whether sound is heard, by who can tell: a monitor, or a device that says that it plays.
 * `undefined` is "nobody can tell", which is the rule with amplifiers that have no monitor.
 */
function audible(stream) {
  if (stream.audible !== undefined) return stream.audible;
  const heard = all(listed(stream.arrived_detail).map((one) => one.heard));
  const isQuiet = !(stream.sent_detail?.level_dbfs > QUIET_DBFS);
  return heard === false && isQuiet ? undefined : heard;
}

/** Whose claim it is and what it says of them, from its name; `alerts N beside` is nobody's own. */
function named(claim = "") {
  const words = claim.split(" ");
  if (words[0] !== "alert" && words[0] !== "alerts") return { alerts: [], role: "" };
  if (words.length === 3) words.splice(1, 0, "");
  return { alerts: words[1].split("+").filter(Boolean), role: words[3] ?? "" };
}

/** A zone as screens show it, from the site and the streams that carry its sound. */
function zoneOf(described, index, streams, living_) {
  const commanded = streams.find((stream) => stream.commanded)?.commanded;
  const { alerts: speaking, role } = named(commanded?.claim);
  const arrivals = streams.flatMap((stream) => listed(stream.arrived_detail));
  const levels = streams.map((stream) => stream.sent_detail?.level_dbfs).filter(Number.isFinite);
  const reasons = streams.flatMap((stream) => [
    stream.sent_detail?.reason,
    ...listed(stream.arrived_detail).map((one) => one.fault || one.reason),
  ]).filter(Boolean);
  const kind = !commanded ? "silent" : role === "beside" ? "hush" : commanded.kind;
  return {
    ...described,
    number: index + 1,
    streams,
    commanded,
    kind,
    alerts: speaking,
    titles: living_.filter((one) => speaking.includes(one.id)).map((one) => one.title),
    isEnding: role === "ending" || role === "only",
    sent: all(streams.map((stream) => stream.sent)),
    arrived: all(streams.map((stream) => stream.arrived)),
    audible: all(streams.map(audible)),
    // Whether anybody ever said something of it: else it is not that it is unknown now.
    isArrivalWatched: arrivals.some((one) => one.packets !== undefined || one.value !== undefined),
    isSoundWatched: arrivals.some((one) => one.heard !== undefined) || streams.some((stream) => stream.audible !== undefined),
    level: levels.length ? Math.max(...levels) : undefined,
    reason: reasons[0],
    overriddenIn: living_.filter((one) => one.overridden?.includes(described.id)),
  };
}

/** "홍제천 1구간" in a path of "홍제천 ..." is "1구간". */
function shortened(zones) {
  const short = new Map();
  for (const language of ["ko", "en"]) {
    const paths = Map.groupBy(zones, (zone) => zone.path);
    for (const group of paths.values()) {
      const names = group.map((zone) => zone.name[language]);
      let length = 0;
      while (names.length > 1 && names.every((name) => name[length] && name[length] === names[0][length]))
        length += 1;
      const cut = names[0].slice(0, length).lastIndexOf(" ") + 1;
      group.forEach((zone, n) => {
        short.set(zone.id, { ...short.get(zone.id), [language]: names[n].slice(cut) || names[n] });
      });
    }
  }
  return short;
}
const short = computed(() => shortened(site.value?.zones ?? []));

/** Every zone, in the site's order. */
export const zones = computed(() => {
  const streams = Map.groupBy(listed(state.value.streams), (stream) => stream.zone);
  return (site.value?.zones ?? []).map((described, index) => ({
    ...zoneOf(described, index, streams.get(described.id) ?? [], living.value),
    short: short.value.get(described.id),
  }));
});
export const zoneById = computed(() => new Map(zones.value.map((zone) => [zone.id, zone])));

/** How an alert stands in one of its zones, by its witnesses. */
export function heardIn(alert, zoneId) {
  const zone = zoneById.value.get(zoneId);
  const path = alert.path?.zones?.[zoneId];
  const ms = path?.arrived_ms ?? path?.sent_ms;
  if (!zone) return { fact: "unknown", ms };
  if (!zone.alerts.includes(alert.id)) {
    return { fact: alert.overridden?.includes(zoneId) ? "overridden" : "waiting", ms, zone };
  }
  if (zone.sent === false) return { fact: "notSent", ms, zone };
  if (zone.arrived === false) return { fact: "notArrived", ms, zone };
  if (zone.arrived && zone.sent) return { fact: zone.audible === false ? "broken" : "heard", ms, zone };
  return { fact: zone.sent ? "sentOnly" : "waiting", ms, zone };
}

export function choose(ids) {
  chosen.value = new Set(ids);
}
export function toggle(id) {
  const next = new Set(chosen.value);
  if (!next.delete(id)) next.add(id);
  chosen.value = next;
}

let isAsking = false;
async function learnSite() {
  if (isAsking) return;
  isAsking = true;
  try {
    site.value = await ask("GET", "/site");
  } catch (error) {
    // Signed out, the link says so as well; after signing in this is asked again.
    if (error.problem?.status !== 401) setTimeout(learnSite, 1000);
  } finally {
    isAsking = false;
  }
}

let connect = null;
/** Begin, or begin anew after signing in. */
export function begin() {
  isSignedOut.value = false;
  if (connect) {
    if (!site.value) learnSite();
    return connect();
  }
  connect = follow(
    (said) => { live.value = { ...said }; },
    () => {
      // Nobody was signed in yet: there is a page for that. Else the page stays as it is.
      if (live.value.heard) isSignedOut.value = true;
      else {
        sessionStorage.setItem("wanted", location.pathname + location.search);
        location.replace("/sign-in");
      }
    },
  );
  setInterval(() => { now.value = performance.now(); }, 250);
  effect(() => {
    const version = live.value.state.site?.version;
    if (version && version !== site.peek()?.version) learnSite();
  });
  learnSite();
  return undefined;
}
