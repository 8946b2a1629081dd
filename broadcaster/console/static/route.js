/** Which view the address names, without loading the page anew. */

import { signal } from "./dom.js";

/** {path, query} of the address. */
export const route = signal(read());

function read() {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Show another view. */
export function go(address) {
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  route.value = read();
}

/** Follow links within the console, and the browser's back and forward. */
export function beginRouting(isView) {
  addEventListener("popstate", () => { route.value = read(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !isView(url.pathname)) return;
    event.preventDefault();
    go(url.pathname + url.search);
  });
}
