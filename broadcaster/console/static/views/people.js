/** Who may sign in, and as what; who is signed in where. For administrators. */

import { change } from "../acts.js";
import { ask } from "../api.js";
import { html, signal, useEffect, useState } from "../dom.js";
import { Act, Hold, Sheet, dateAndTime } from "../parts.js";
import { Shape } from "../shapes.js";
import { may, me } from "../state.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  peopleTitle: ["사람", "People"],
  peopleForbidden: ["관리자만 볼 수 있는 화면입니다", "This page is for administrators"],
  peopleName: ["로그인 이름", "Signs in as"],
  peopleShown: ["보이는 이름", "Is called"],
  peopleRoles: ["역할", "Roles"],
  peopleState: ["상태", "State"],
  peopleCodes: ["인증 번호 사용", "with codes"],
  peopleBarred: ["로그인 막음", "may not sign in"],
  peopleMay: ["로그인 가능", "may sign in"],
  peopleAdd: ["사람 추가…", "Add somebody…"],
  peopleAddTitle: ["사람 추가", "Add somebody"],
  peopleChange: ["바꾸기…", "Change…"],
  peopleChangeTitle: ["{name} 바꾸기", "Change {name}"],
  peoplePassword: ["비밀번호 (10자 이상)", "Password (10 characters or more)"],
  peopleNewPassword: ["새 비밀번호 (비우면 그대로)", "New password (empty: as it is)"],
  peopleNewPasswordHelp: ["새 비밀번호를 주면 그 사람의 모든 접속이 끝납니다", "A new password ends all their sessions"],
  peopleSave: ["저장", "Save"],
  peopleSaved: ["{name}: 저장했습니다", "{name}: saved"],
  peopleNoCodes: ["인증 번호 그만 묻기", "Ask for no codes any more"],
  peopleBar: ["로그인 막기", "Bar from signing in"],
  peopleLetIn: ["다시 들이기", "Let in again"],
  peopleRemove: ["{name} 지우기", "Remove {name}"],
  peopleRemoved: ["{name}: 지웠습니다", "{name}: removed"],
  peopleSelf: ["자기 자신은 막거나 지울 수 없습니다", "Nobody bars or removes themselves"],
  peopleNeedRole: ["역할을 하나 이상 고르십시오", "Choose at least one role"],
  peopleNeedName: ["이름과 비밀번호를 넣으십시오", "Give a name and a password"],
  peopleSessions: ["접속 중", "Signed in now"],
  peopleSince: ["시작", "Since"],
  peopleUntil: ["끝", "Until"],
  peopleFrom: ["주소", "From"],
  peopleEnd: ["접속 끝내기", "End"],
  peopleEnded: ["{name}의 접속을 끝냈습니다", "A session of {name} was ended"],
  peopleOwn: ["이 화면", "this page"],
  roleViewer: ["보기", "viewer"],
  roleRadio: ["라디오 방송", "radio"],
  roleOperator: ["상황 근무", "operator"],
  rolePolice: ["경찰", "police"],
  roleTechnician: ["기술", "technician"],
  roleAdministrator: ["관리자", "administrator"],
});
await styled("views.css");

const ROLES = ["viewer", "radio", "operator", "police", "technician", "administrator"];

const people = signal(null);
const sessions = signal([]);
const problem = signal("");

async function load() {
  try {
    const [{ people: found }, { sessions: open }] = await Promise.all([ask("GET", "/people"), ask("GET", "/sessions")]);
    people.value = found;
    sessions.value = open;
    problem.value = "";
  } catch (error) {
    problem.value = error.message;
  }
}

/** Change something, told by a text with the name of whom it is about; whether it was done. */
const changed = (method, path, body, done, name) => change(method, path, body, () => t(done, { name }), load);

function RoleBoxes({ roles, onChange }) {
  const toggle = (role) => onChange(roles.includes(role) ? roles.filter((one) => one !== role) : [...roles, role]);
  return html`<fieldset class="radios"><legend>${t("peopleRoles")}</legend>${ROLES.map((role) =>
    html`<label key=${role}><input type="checkbox" checked=${roles.includes(role)} onChange=${() => toggle(role)} />${worded("role", role)}</label>`)}</fieldset>`;
}

const Field = ({ label, value, onInput, ...more }) => html`<label>${label}<input value=${value} autocomplete="off" onInput=${(event) => onInput(event.currentTarget.value)} ...${more} /></label>`;

function AddSheet({ onClose }) {
  const [name, setName] = useState("");
  const [shown, setShown] = useState("");
  const [password, setPassword] = useState("");
  const [roles, setRoles] = useState(["viewer"]);
  const reason = !name || !password ? t("peopleNeedName") : roles.length ? "" : t("peopleNeedRole");
  const add = async () => {
    if (await changed("POST", "/people", { name: name.trim(), shown, roles, password }, "peopleSaved", name)) onClose();
  };
  return html`<${Sheet} title=${t("peopleAddTitle")} kind="narrow" onClose=${onClose}><div class="form">
    <${Field} label=${t("peopleName")} value=${name} onInput=${setName} maxlength="40" data-first name="name" />
    <${Field} label=${t("peopleShown")} value=${shown} onInput=${setShown} maxlength="80" name="shown" />
    <${Field} label=${t("peoplePassword")} value=${password} onInput=${setPassword} type="password" autocomplete="new-password" maxlength="200" name="password" />
    <${RoleBoxes} roles=${roles} onChange=${setRoles} />
    <div class="row end"><button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
      <${Act} kind="main" reason=${reason} onPress=${add} data-act="add">${t("peopleSave")}</${Act}></div></div></${Sheet}>`;
}

function ChangeSheet({ person, onClose }) {
  const { name } = person;
  const path = `/people/${encodeURIComponent(name)}`;
  const [roles, setRoles] = useState(person.roles);
  const [password, setPassword] = useState("");
  const isSelf = name === me.value?.name;
  const save = async (body) => { if (await changed("PATCH", path, body, "peopleSaved", name)) onClose(); };
  const remove = async () => { if (await changed("DELETE", path, undefined, "peopleRemoved", name)) onClose(); };
  return html`<${Sheet} title=${t("peopleChangeTitle", { name: person.shown })} kind="narrow" onClose=${onClose}><div class="form">
    <${RoleBoxes} roles=${roles} onChange=${setRoles} />
    <${Field} label=${t("peopleNewPassword")} value=${password} onInput=${setPassword} type="password" autocomplete="new-password" maxlength="200" name="password" />
    <p class="soft">${t("peopleNewPasswordHelp")}</p>
    <div class="row">
      ${person.totp && html`<${Act} onPress=${() => save({ totp: "off" })}>${t("peopleNoCodes")}</${Act}>`}
      <${Act} reason=${isSelf ? t("peopleSelf") : ""} onPress=${() => save({ barred: !person.barred })} data-act="bar">${t(person.barred ? "peopleLetIn" : "peopleBar")}</${Act}></div>
    <${Hold} kind="plain" reason=${isSelf ? t("peopleSelf") : ""} onHeld=${remove}>${t("peopleRemove", { name: person.shown })}</${Hold}>
    <div class="row end"><button type="button" class="button" data-first onClick=${onClose}>${t("cancel")}</button>
      <${Act} kind="main" reason=${roles.length ? "" : t("peopleNeedRole")} onPress=${() => save({ roles, ...(password && { password }) })} data-act="save">${t("peopleSave")}</${Act}></div></div></${Sheet}>`;
}

function Person({ person, onChange }) {
  const state = person.barred ? t("peopleBarred") : t("peopleMay");
  return html`<tr data-person=${person.name} data-barred=${person.barred}><th scope="row">${person.shown}</th><td>${person.name}</td>
    <td>${person.roles.map((role) => worded("role", role)).join(", ")}</td>
    <td><${Shape} of=${person.barred ? "no" : "yes"} /> ${state}${person.totp ? `, ${t("peopleCodes")}` : ""}</td>
    <td><button type="button" class="button small" onClick=${() => onChange(person)} aria-label=${t("peopleChangeTitle", { name: person.shown })}>${t("peopleChange")}</button></td></tr>`;
}

function Session({ session }) {
  const isOwn = session.person === me.value?.name && session.expires === me.value?.expires;
  const end = () => changed("DELETE", `/sessions/${session.id}`, undefined, "peopleEnded", session.person);
  return html`<tr data-session=${session.person}><th scope="row">${session.person}</th><td>${session.peer}</td>
    <td class="number">${dateAndTime(session.created)}</td><td class="number">${dateAndTime(session.expires)}</td>
    <td>${isOwn ? t("peopleOwn") : html`<button type="button" class="button small" onClick=${end}>${t("peopleEnd")}</button>`}</td></tr>`;
}

export function View() {
  const [sheet, setSheet] = useState(null);
  const mayKeep = may("keep-people");
  useEffect(() => { if (mayKeep) load(); }, [mayKeep]);
  if (!me.value) return html`<p class="empty">${t("loading")}</p>`;
  if (!mayKeep) return html`<p class="empty">${t("peopleForbidden")}</p>`;
  const close = () => setSheet(null);
  return html`<div class="log-view people-page">
    <header class="row"><h1>${t("peopleTitle")}</h1><span class="gap"></span><button type="button" class="button main" onClick=${() => setSheet("add")}>${t("peopleAdd")}</button></header>
    ${problem.value && html`<p class="bad" role="alert">${spoken(problem.value)}</p>`}
    <section class="panel"><div class="wide" tabindex="0" role="region" aria-label=${t("peopleTitle")}><table><thead><tr><th scope="col">${t("peopleShown")}</th><th scope="col">${t("peopleName")}</th><th scope="col">${t("peopleRoles")}</th><th scope="col">${t("peopleState")}</th><td></td></tr></thead>
      <tbody>${(people.value ?? []).map((one) => html`<${Person} key=${one.name} person=${one} onChange=${setSheet} />`)}</tbody></table></div></section>
    <section class="panel"><h2>${t("peopleSessions")}</h2><div class="wide" tabindex="0" role="region" aria-label=${t("peopleSessions")}><table><thead><tr><th scope="col">${t("peopleName")}</th><th scope="col">${t("peopleFrom")}</th><th scope="col">${t("peopleSince")}</th><th scope="col">${t("peopleUntil")}</th><td></td></tr></thead>
      <tbody>${sessions.value.map((one) => html`<${Session} key=${one.id} session=${one} />`)}</tbody></table></div></section>
    ${sheet === "add" && html`<${AddSheet} onClose=${close} />`}
    ${sheet?.name && html`<${ChangeSheet} key=${sheet.name} person=${sheet} onClose=${close} />`}
  </div>`;
}
