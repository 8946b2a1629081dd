/** The console's one page: the frame, and the view that the address names. */

import { html, render, useEffect, useState } from "./dom.js";
import { Banners, Keys, Notices, Strip, onKey } from "./frame.js";
import { Overview } from "./overview.js";
import { beginRouting, route } from "./route.js";
import { SignOn } from "./sign-on.js";
import { beginSound } from "./sound.js";
import { begin, isOld, stationName } from "./state.js";
import { said, t } from "./words.js";

/** Views by their path: what is needed at once, or what brings it when it is wanted. */
const VIEWS = {
  "/": Overview,
  "/warn": Overview,
  "/exercise": () => import("./exercise.js"),
  "/map": () => import("./map.js"),
  "/wall": () => import("./wall.js"),
  "/log": () => import("./log.js"),
};
const TITLES = { "/warn": "warnTitle", "/exercise": "exerciseTitle", "/map": "viewMap", "/wall": "viewWall", "/log": "viewLog" };
const brought = new Map(Object.entries({ "/": Overview, "/warn": Overview }));

/** The view of a path; a module that is loaded for it has it as `View`. */
function View({ path }) {
  const [, loaded] = useState(0);
  useEffect(() => {
    if (!brought.has(path)) {
      VIEWS[path]?.().then((module) => { brought.set(path, module.View); loaded((n) => n + 1); });
    }
  }, [path]);
  const Shown = brought.get(path);
  if (Shown) return html`<${Shown} />`;
  return html`<p class="empty">${t(VIEWS[path] ? "loading" : "notFound")}</p>`;
}

function Console() {
  const { path } = route.value;
  document.title = [TITLES[path] && t(TITLES[path]), said(stationName.value), "Sorigil"].filter(Boolean).join(" · ");
  return html`<div class="console" data-view=${path.slice(1) || "overview"} data-old=${isOld.value}>
    <${Strip} /><${Banners} />
    <main id="content" tabindex="-1"><${View} path=${path} key=${path === "/warn" ? "/" : path} /></main>
    <${Notices} /><${Keys} /><${SignOn} />
  </div>`;
}

beginRouting((path) => path in VIEWS);
addEventListener("keydown", onKey);
begin();
beginSound();
const root = document.getElementById("console");
root.replaceChildren();
render(html`<${Console} />`, root);
