/**
 * Every page of the console, one line each. A page is a module in ./views that exports `View`, has
 * its own texts (`know`) and its address by its name: views/log.js is /log, and the server knows it
 * by that. What is needed at once has no `load`.
 *
 * title: [Korean, English]. menu: "" is the strip itself, null no menu, else a key of MENUS.
 * right: the act of the table of rights without which nobody is shown the way there.
 */

import { Overview } from "./overview.js";

export const MENUS = {
  programme: ["방송 편성", "Programme"],
  station: ["관리", "Station"],
};

export const VIEWS = [
  { path: "/", title: ["상황", "Overview"], menu: "", view: Overview },
  { path: "/warn", title: ["실제 경보 방송", "A real warning"], menu: null, view: Overview },
  { path: "/map", title: ["지도", "Map"], menu: "", load: () => import("./views/map.js") },
  { path: "/log", title: ["기록", "Log"], menu: "", load: () => import("./views/log.js") },
  { path: "/wall", title: ["상황판", "Wall"], menu: "", load: () => import("./views/wall.js") },
  { path: "/exercise", title: ["훈련", "Exercise"], menu: "", load: () => import("./views/exercise.js") },
  { path: "/on-air", title: ["지금 방송", "On air"], menu: "programme", load: () => import("./views/on-air.js") },
  { path: "/week", title: ["편성표", "Week"], menu: "programme", load: () => import("./views/week.js") },
  { path: "/playlists", title: ["재생목록", "Playlists"], menu: "programme", load: () => import("./views/playlists.js") },
  { path: "/library", title: ["음반 자료", "Library"], menu: "programme", load: () => import("./views/library.js") },
  { path: "/devices", title: ["앰프·이상", "Amplifiers"], menu: "station", load: () => import("./views/devices.js") },
  { path: "/people", title: ["사람", "People"], menu: "station", right: "keep-people", load: () => import("./views/people.js") },
  { path: "/account", title: ["내 계정", "My account"], menu: null, load: () => import("./views/account.js") },
];

export const viewAt = (path) => VIEWS.find((one) => one.path === path);
