/** The site to scale, drawn from its own geometry: no tiles, nothing from outside. */

import { look, lookWord } from "../diagram.js";
import { html, useEffect, useRef, useState } from "../dom.js";
import { Choice } from "../overview.js";
import { Shape } from "../shapes.js";
import { choose, chosen, isOld, site, toggle, zones } from "../state.js";
import { styled } from "../style.js";
import { know, said, t } from "../words.js";

/** [Korean, English]. */
know({
  mapOf: ["{name} 지도", "Map of {name}"],
  mapShow: ["지도에 보일 것", "Shown on the map"],
  mapSpeakers: ["스피커 {n}", "{n} speakers"],
  mapCameras: ["카메라 {n}", "{n} cameras"],
  mapExits: ["출구 {n}", "{n} exits"],
  mapGauges: ["수위계·계측기 {n}", "{n} gauges"],
  mapCloser: ["확대", "Closer"],
  mapFarther: ["축소", "Farther"],
  mapWhole: ["전체", "Whole site"],
  mapHelp: ["구간이나 카메라를 누르십시오. 끌거나 화살표 키로 움직이고 + − 로 크기를 바꿉니다.", "Press a zone or a camera. Drag or use the arrow keys to move, + and − to zoom."],
  mapApproximate: ["위치는 대략입니다", "Positions are approximate"],
  mapTable: ["표로 보기", "The same as a table"],
  mapZone: ["구간", "Zone"],
  mapState: ["상태", "State"],
  mapStretch: ["거리", "Stretch"],
  mapCamera: ["카메라 {name}", "Camera {name}"],
  mapCameraSees: ["이 카메라가 보는 구간", "Zones this camera sees"],
  mapCameraChoose: ["이 구간들 고르기", "Choose these zones"],
  mapCameraWarn: ["이 카메라로 경보…", "Warn by this camera…"],
  mapGauge: ["계측기 {name}", "Gauge {name}"],
});
await styled("views.css");

const METRES_PER_DEGREE = (6_371_008.8 * Math.PI) / 180;
const MARGIN = 0.06;
const CLOSEST_M = 120;
const STEP = 1.5;
const NARROW = "(max-width: 60rem)";
const LAYERS = ["speakers", "cameras", "exits", "gauges"];
const LAYER_WORDS = { speakers: "mapSpeakers", cameras: "mapCameras", exits: "mapExits", gauges: "mapGauges" };

/** From [latitude, longitude] to metres east and south of the first point; right to 1 in 10^5. */
function flattening([latitude, longitude]) {
  const narrowing = Math.cos((latitude * Math.PI) / 180);
  return ([lat, lon]) => [
    (lon - longitude) * METRES_PER_DEGREE * narrowing,
    (latitude - lat) * METRES_PER_DEGREE,
  ];
}

/** The site in metres: {zones, paths, layers, box}. */
function drawn(described) {
  const flat = flattening(described.paths[0].line[0]);
  const outlines = described.zones.map((zone) => zone.polygon.map(flat));
  const lines = described.paths.map((path) => ({ ...path, line: path.line.map(flat) }));
  const layers = Object.fromEntries(LAYERS.map((name) =>
    [name, (described[name] ?? []).map((one) => ({ ...one, at: flat(one.at) }))]));
  const all = [...outlines.flat(), ...lines.flatMap((path) => path.line), ...LAYERS.flatMap((name) => layers[name].map((one) => one.at))];
  const [left, right] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  const [top, bottom] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))];
  const margin = MARGIN * Math.max(right - left, bottom - top);
  return {
    outlines: new Map(described.zones.map((zone, n) => [zone.id, outlines[n]])),
    lines,
    layers,
    box: { x: left - margin, y: top - margin, w: right - left + 2 * margin, h: bottom - top + 2 * margin },
  };
}

const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
const middle = (points) => {
  const open = points.slice(0, -1);
  return [0, 1].map((axis) => open.reduce((sum, point) => sum + point[axis], 0) / open.length);
};

/** Beside a zone, on its upper left: across its longest edge, `distance` metres from its middle. */
function beside(outline, distance) {
  const edges = outline.slice(1).map(([x, y], n) => [x - outline[n][0], y - outline[n][1]]);
  const [dx, dy] = edges.reduce((longest, edge) => (Math.hypot(...edge) > Math.hypot(...longest) ? edge : longest));
  const length = Math.hypot(dx, dy) || 1;
  const side = dx - dy > 0 ? distance / length : -distance / length;
  const [x, y] = middle(outline);
  return [x + dy * side, y - dx * side];
}

/** What a camera sees, as far as it is told. */
function sector({ at: [x, y], azimuth_deg: azimuth, field_of_view_deg: field, range_m: range }) {
  const edge = (degrees) => {
    const angle = (degrees * Math.PI) / 180;
    return [x + range * Math.sin(angle), y - range * Math.cos(angle)];
  };
  const [from, to] = [edge(azimuth - field / 2), edge(azimuth + field / 2)];
  return `M${x} ${y}L${from.join(" ")}A${range} ${range} 0 ${field > 180 ? 1 : 0} 1 ${to.join(" ")}Z`;
}

const onEnter = (act) => (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  event.stopPropagation();
  act();
};

function Zone({ zone, outline, unit }) {
  const isChosen = chosen.value.has(zone.id);
  const [x, y] = beside(outline, 40 + unit * 2.2);
  return html`<g class="map-zone" role="button" tabindex="0" data-look=${look(zone)} data-zone=${zone.id} aria-pressed=${isChosen}
      aria-label=${`${zone.number} ${said(zone.name)}: ${lookWord(zone)}`} onClick=${() => toggle(zone.id)} onKeyDown=${onEnter(() => toggle(zone.id))}>
    <path d=${`${path(outline)}Z`} />
    <text x=${x} y=${y} font-size=${unit * 2.4} dy="0.36em" aria-hidden="true">${isChosen ? "✓" : ""}${zone.number}</text>
  </g>`;
}

function Camera({ camera, unit, isPicked, onPick }) {
  const [x, y] = camera.at;
  return html`<g class="map-camera" role="button" tabindex="0" aria-pressed=${isPicked} data-camera=${camera.id}
      aria-label=${t("mapCamera", { name: `${camera.id} ${said(camera.name)}` })} onClick=${onPick} onKeyDown=${onEnter(onPick)}>
    <path class="sees" d=${sector(camera)} />
    <rect x=${x - unit} y=${y - unit * 0.75} width=${unit * 2} height=${unit * 1.5} rx=${unit * 0.3} />
    <circle cx=${x} cy=${y} r=${unit * 0.4} />
  </g>`;
}

const MARKS = {
  exit: (x, y, u) => `M${x} ${y - u}L${x + u} ${y + u * 0.8}L${x - u} ${y + u * 0.8}Z`,
  gauge: (x, y, u) => `M${x} ${y - u * 1.1}L${x + u * 1.1} ${y}L${x} ${y + u * 1.1}L${x - u * 1.1} ${y}Z`,
};
const isNear = (one, other, unit) => Math.hypot(one.at[0] - other.at[0], one.at[1] - other.at[1]) < unit * 5;

/** A mark with its name; `row` is which of several names at one place it is. */
function Named({ one, unit, row }) {
  const [x, y] = one.at;
  return html`<g class=${`map-${one.kind}`}><path d=${MARKS[one.kind](x, y, unit)} /><text x=${x + unit * 1.4} y=${y + unit * (1.8 + 2 * row)} font-size=${unit * 1.7}>${said(one.name)}</text></g>`;
}

/** A length that is easy to read, about a fifth of what is seen. */
function scaleOf(width) {
  const power = 10 ** Math.floor(Math.log10(width / 5));
  return [5, 2, 1].map((n) => n * power).find((length) => length <= width / 5) ?? power;
}

function Drawing({ plan, view, shown, picked, onPick, onMove }) {
  const frame = useRef(null);
  const dragged = useRef(null);
  const unit = Math.max(view.w, view.h) / (matchMedia(NARROW).matches ? 65 : 130);
  const named = [...(shown.has("exits") ? plan.layers.exits.map((one) => ({ ...one, kind: "exit" })) : []),
    ...(shown.has("gauges") ? plan.layers.gauges.map((one) => ({ ...one, kind: "gauge" })) : [])];
  const scale = scaleOf(view.w);
  const metresPerPixel = () => Math.max(view.w / frame.current.clientWidth, view.h / frame.current.clientHeight);
  const down = (event) => { if (event.button === 0) dragged.current = { x: event.clientX, y: event.clientY, isFar: false }; };
  const move = (event) => {
    const from = dragged.current;
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!from.isFar && Math.hypot(dx, dy) < 6) return;
    Object.assign(from, { x: event.clientX, y: event.clientY, isFar: true });
    onMove(-dx * metresPerPixel(), -dy * metresPerPixel());
  };
  const end = () => { dragged.current = null; };
  return html`<svg ref=${frame} class="map" role="group" aria-label=${t("mapOf", { name: said(site.value.name) })}
      viewBox=${`${view.x} ${view.y} ${view.w} ${view.h}`} onPointerDown=${down} onPointerMove=${move} onPointerUp=${end} onPointerLeave=${end}>
    ${plan.lines.map((one) => html`<path class="map-path" d=${path(one.line)} stroke-width=${unit * 0.7} />`)}
    ${zones.value.map((zone) => html`<${Zone} key=${zone.id} zone=${zone} outline=${plan.outlines.get(zone.id)} unit=${unit} />`)}
    ${shown.has("speakers") && html`<g class="map-speakers" role="img" aria-label=${t("mapSpeakers", { n: plan.layers.speakers.length })}>${plan.layers.speakers.map((one) =>
      html`<circle cx=${one.at[0]} cy=${one.at[1]} r=${unit * 0.42} />`)}</g>`}
    ${named.map((one, n) => html`<${Named} key=${one.id} one=${one} unit=${unit} row=${named.slice(0, n).filter((other) => isNear(one, other, unit)).length} />`)}
    ${shown.has("cameras") && plan.layers.cameras.map((one) => html`<${Camera} key=${one.id} camera=${one} unit=${unit} isPicked=${picked === one.id} onPick=${() => onPick(one.id)} />`)}
    <g class="map-scale" aria-hidden="true"><path d=${`M${view.x + unit * 3} ${view.y + view.h - unit * 3}h${scale}`} stroke-width=${unit * 0.4} />
      <text x=${view.x + unit * 3 + scale / 2} y=${view.y + view.h - unit * 4} font-size=${unit * 1.6}>${t("metres", { n: scale })}</text>
      <text x=${view.x + view.w - unit * 4} y=${view.y + unit * 5} font-size=${unit * 2}>N ↑</text></g>
  </svg>`;
}

function Picked({ camera, onClose }) {
  const names = zones.value.filter((zone) => camera.zones.includes(zone.id)).map((zone) => said(zone.name));
  return html`<section class="panel picked" aria-label=${t("mapCamera", { name: camera.id })}>
    <h2><${Shape} of="camera" /> ${camera.id} ${said(camera.name)}</h2>
    <p class="soft">${t("mapCameraSees")}: ${names.join(", ")}</p>
    <div class="chips"><button type="button" class="button" onClick=${() => choose(camera.zones)}>${t("mapCameraChoose")}</button>
      <a class="button" href=${`/warn?camera=${encodeURIComponent(camera.id)}`}>${t("mapCameraWarn")}</a>
      <button type="button" class="button icon" aria-label=${t("close")} onClick=${onClose}><${Shape} of="close" /></button></div>
  </section>`;
}

function Twin() {
  return html`<details class="panel twin"><summary>${t("mapTable")}</summary><div class="wide" tabindex="0" role="region" aria-label=${t("mapTable")}><table>
    <thead><tr><th scope="col">${t("mapZone")}</th><th scope="col">${t("mapState")}</th><th scope="col">${t("mapStretch")}</th><th scope="col">${t("speakers", { n: "" })}</th><th scope="col">${t("cameras")}</th></tr></thead>
    <tbody>${zones.value.map((zone) => html`<tr><th scope="row">${said(zone.name)}</th><td><${Shape} of=${look(zone)} /> ${lookWord(zone)}</td>
      <td class="number">${zone.start_m}–${zone.end_m} m</td><td class="number">${site.value.speakers.filter((one) => one.zone === zone.id).length}</td>
      <td>${site.value.cameras.filter((one) => one.zones.includes(zone.id)).map((one) => one.id).join(", ")}</td></tr>`)}</tbody></table></div></details>`;
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function Map_() {
  const [plan] = useState(() => drawn(site.value));
  const [view, setView] = useState(plan.box);
  const [shown, setShown] = useState(new Set(LAYERS));
  const [picked, setPicked] = useState(null);
  const zoom = (factor) => setView((now) => {
    const w = Math.min(plan.box.w, Math.max(CLOSEST_M, now.w * factor));
    const h = (now.h * w) / now.w;
    return { x: now.x + (now.w - w) / 2, y: now.y + (now.h - h) / 2, w, h };
  });
  const move = (dx, dy) => setView((now) => ({ ...now, x: now.x + dx, y: now.y + dy }));
  useEffect(() => {
    function onKey(event) {
      if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select, dialog, .wide")) return;
      const by = MOVES[event.key];
      if (by) move((by[0] * view.w) / 10, (by[1] * view.h) / 10);
      else if (event.key === "+" || event.key === "=") zoom(1 / STEP);
      else if (event.key === "-") zoom(STEP);
      else if (event.key === "Escape") choose([]);
      else return;
      event.preventDefault();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  const flip = (name) => setShown((now) => { const next = new Set(now); if (!next.delete(name)) next.add(name); return next; });
  const camera = site.value.cameras.find((one) => one.id === picked);
  return html`<div class="map-view">
    <div class="field" data-old=${isOld.value}><div class="map-bar">
      <div class="chips" role="group" aria-label=${t("mapShow")}>${LAYERS.map((name) => html`<button type="button" class="chip" aria-pressed=${shown.has(name)} onClick=${() => flip(name)}>${t(LAYER_WORDS[name], { n: plan.layers[name].length })}</button>`)}</div>
      <span class="gap"></span>
      <button type="button" class="button" onClick=${() => zoom(1 / STEP)} aria-label=${t("mapCloser")} title=${t("mapCloser")}>+</button>
      <button type="button" class="button" onClick=${() => zoom(STEP)} aria-label=${t("mapFarther")} title=${t("mapFarther")}>−</button>
      <button type="button" class="button" onClick=${() => setView(plan.box)}>${t("mapWhole")}</button></div>
      <${Drawing} plan=${plan} view=${view} shown=${shown} picked=${picked} onPick=${setPicked} onMove=${move} />
      <p class="soft">${t("mapHelp")} ${plan.lines.some((one) => one.approximate) ? t("mapApproximate") : ""}</p></div>
    <div class="aside">${camera && html`<${Picked} camera=${camera} onClose=${() => setPicked(null)} />`}<${Choice} /><${Twin} /></div>
  </div>`;
}

/** The map; a new site is drawn anew. */
export function View() {
  if (!site.value) return html`<p class="empty">${t("loading")}</p>`;
  return html`<${Map_} key=${site.value.version} />`;
}
