/** The console's one page: the frame, and the view that the address names. */

import { html, render, useEffect, useState } from "./dom.js";
import { Banners, Keys, Notices, Strip, onKey } from "./frame.js";
import { beginRouting, route } from "./route.js";
import { SignOn } from "./sign-on.js";
import { beginSound } from "./sound.js";
import { begin, isOld, stationName } from "./state.js";
import { viewAt } from "./views.js";
import { inLanguage, said, t } from "./words.js";

/** Modules that were loaded, by the path of their view. */
const brought = new Map();

/** The view of a path; a module that is loaded for it has it as `View`. */
function View({ path }) {
  const [state, told] = useState("loading");
  const known = viewAt(path);
  useEffect(() => {
    told("loading");
    if (!known?.load || brought.has(path)) return;
    known.load().then(
      (module) => { brought.set(path, module.View); told("there"); },
      () => told("notLoaded"),
    );
  }, [path]);
  const Shown = known?.view ?? brought.get(path);
  if (Shown) return html`<${Shown} />`;
  return html`<p class="empty">${t(known ? state : "notFound")}</p>`;
}

function Console() {
  const { path } = route.value;
  const title = path === "/" ? "" : inLanguage(viewAt(path)?.title ?? ["", ""]);
  document.title = [title, said(stationName.value), "Sorigil"].filter(Boolean).join(" · ");
  return html`<div class="console" data-view=${path.slice(1) || "overview"} data-old=${isOld.value}>
    <${Strip} /><${Banners} />
    <main id="content" tabindex="-1"><${View} path=${path} key=${path === "/warn" ? "/" : path} /></main>
    <${Notices} /><${Keys} /><${SignOn} />
  </div>`;
}

beginRouting(viewAt);
addEventListener("keydown", onKey);
begin();
beginSound();
const root = document.getElementById("console");
root.replaceChildren();
render(html`<${Console} />`, root);
