/** Asks the station; every page uses this. Problems come as Error with `problem` (RFC 9457). */

export async function ask(method, path, body, key) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const answer = await fetch(`/api/v1${path}`, {
    method, headers, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.detail), { problem: said });
  return said;
}

/** A new key for an act; an act that is sent again keeps the one it has. */
export function newKey() {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** What a JSON merge patch (RFC 7396) makes of a state. */
export function merged(target, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const result = target && typeof target === "object" && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

const STALE_MS = 1500;

/** Whether what a page knows is too old to give commands by: nothing came, or control is silent. */
export function isStale(live) {
  const since = performance.now() - live.heard;
  return !live.heard || live.control !== "up" || (live.age_s ?? 0) * 1000 + since > STALE_MS;
}

/**
 * Follows the station for ever. `changed(live)` is called with
 * {state, revision, me, control, age_s, utc, heard} where `heard` is performance.now() of the last
 * word, and `signedOut()` when the session has ended; what is returned connects anew after that.
 */
export function follow(changed, signedOut) {
  const live = { state: {}, revision: 0, me: null, control: "lost", age_s: null, utc: null, heard: 0 };
  const connect = () => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/live`);
    socket.onmessage = (event) => {
      const { type, ...said } = JSON.parse(event.data);
      live.heard = performance.now();
      if (type === "me") live.me = said;
      else {
        if (type === "snapshot") live.state = said.state;
        if (type === "patch") live.state = merged(live.state, said.patch);
        const { revision, control, age_s, utc } = said;
        Object.assign(live, { revision, control, age_s, utc });
      }
      changed(live);
    };
    socket.onclose = (event) => {
      if (event.code === 4401) signedOut();
      else setTimeout(() => ask("GET", "/session").then(connect, (error) => {
        if (error.problem?.status === 401) signedOut();
        else connect();
      }), 500);
    };
  };
  connect();
  return connect;
}
