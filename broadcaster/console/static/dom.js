/** What views are written with: Preact, its signals, and markup as tagged templates. */

import htm from "./vendor/htm.js";
import { h } from "./vendor/preact.js";

export { render } from "./vendor/preact.js";
export { useEffect, useId, useLayoutEffect, useRef, useState } from "./vendor/preact-hooks.js";
export { computed, effect, signal } from "./vendor/signals.js";

export const html = htm.bind(h);
