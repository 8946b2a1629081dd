/** Signs told apart by form, so that no state is known by its colour alone. */

import { html } from "./dom.js";

const PATHS = {
  yes: html`<circle cx="8" cy="8" r="6.5" /><path d="M4.8 8.3l2.2 2.3 4.2-4.9" />`,
  no: html`<path class="full" d="M8 1L15.4 14.5H.6z" /><path class="cut" d="M8 5.5v4.4M8 11.4v1.4" />`,
  unknown: html`<circle cx="8" cy="8" r="6.5" stroke-dasharray="2.4 2" /><path d="M6 6.3a2 2 0 1 1 2.9 1.8c-.7.4-.9.8-.9 1.5M8 11.4v.6" />`,
  unsupervised: html`<circle cx="8" cy="8" r="6.5" stroke-dasharray="2.4 2" /><path d="M4.8 8h6.4" />`,
  warning: html`<path class="full" d="M1 1h14v14H1z" /><path class="cut" d="M8 3.4v5.9M8 11v1.8" />`,
  exercise: html`<path d="M8 1l7 7-7 7-7-7z" /><path d="M4.5 11.5l7-7M2.8 8.6l5.9-5.9M7.3 13.3l5.9-5.9" />`,
  programme: html`<path d="M6 12.2V3.2l7-1.6v9" /><circle cx="4.2" cy="12.2" r="1.9" /><circle cx="11.2" cy="10.6" r="1.9" />`,
  notice: html`<path d="M2 6.2v3.6h2.4L10 13.4V2.6L4.4 6.2zM12.3 5.6a3.6 3.6 0 0 1 0 4.8" />`,
  page: html`<path d="M8 1.6a2.2 2.2 0 0 1 2.2 2.2v3.8a2.2 2.2 0 0 1-4.4 0V3.8A2.2 2.2 0 0 1 8 1.6zM3.6 7.6a4.4 4.4 0 0 0 8.8 0M8 12v2.6" />`,
  ending: html`<path d="M1.5 1.5h13v13h-13z" /><path d="M4.8 8.3l2.2 2.3 4.2-4.9" />`,
  silent: html`<path d="M3 8h10" />`,
  overridden: html`<path d="M8 2v8M4.4 6.8L8 10.4l3.6-3.6M3 13.6h10" />`,
  waiting: html`<path d="M4 1.5h8M4 14.5h8M4.8 1.5c0 4 6.4 9 6.4 13M11.2 1.5c0 4-6.4 9-6.4 13" />`,
  exit: html`<path d="M8 2l5.5 9.5h-11z" />`,
  camera: html`<path d="M1.5 4.5h8.6v7H1.5zM10.1 7.2l4.4-2.4v6.4l-4.4-2.4" />`,
  bell: html`<path d="M3 11.8h10c-1.2-1-1.4-2.4-1.4-4.3a3.6 3.6 0 0 0-7.2 0c0 1.9-.2 3.3-1.4 4.3zM6.6 13.8h2.8" />`,
  bellOff: html`<path d="M3 11.8h10c-1.2-1-1.4-2.4-1.4-4.3a3.6 3.6 0 0 0-7.2 0c0 1.9-.2 3.3-1.4 4.3zM6.6 13.8h2.8M2 2l12 12" />`,
  person: html`<circle cx="8" cy="5" r="3" /><path d="M2.5 14.5a5.5 5.5 0 0 1 11 0" />`,
  close: html`<path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />`,
  link: html`<path d="M2 9.5a8.5 8.5 0 0 1 12 0M4.8 12a4.6 4.6 0 0 1 6.4 0M8 14.2v.1" />`,
};
PATHS.hush = PATHS.silent;

/** A sign; what it means is said beside it in words. */
export const Shape = ({ of, big }) =>
  html`<svg class=${big ? "shape big" : "shape"} viewBox="0 0 16 16" aria-hidden="true" data-shape=${of}>${PATHS[of]}</svg>`;
