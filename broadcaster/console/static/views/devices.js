/** Amplifiers and what is wrong with them: seen, put aside, over, reset. Nobody has to guess. */

import { change } from "../acts.js";
import { ask } from "../api.js";
import { html, signal, useEffect, useState } from "../dom.js";
import { Act, Sheet, dateAndTime, lockReason } from "../parts.js";
import { Shape } from "../shapes.js";
import { isOld, may, me } from "../state.js";
import { spoken } from "../station-words.js";
import { styled } from "../style.js";
import { know, said, t, worded } from "../words.js";

/** [Korean, English]. */
know({
  devicesTitle: ["앰프와 이상", "Amplifiers and faults"],
  devicesFaults: ["이상", "Faults"],
  devicesNoFaults: ["앰프의 이상이 없습니다", "No amplifier has a fault"],
  devicesUnheard: ["앰프 감시 장치에 묻지 못했습니다. 아래는 예전 것입니다: {why}", "The watch cannot be asked; what is below is old: {why}"],
  devicesAmplifiers: ["앰프", "Amplifiers"],
  devicesAmplifier: ["앰프", "Amplifier"],
  devicesAddress: ["주소", "Address"],
  devicesAnswer: ["응답", "Answers"],
  devicesAnswered: ["{n}초 전", "{n} s ago"],
  devicesSilent: ["응답 없음", "NO ANSWER"],
  devicesAgentless: ["감시 기능 없음", "cannot be asked"],
  devicesArrival: ["소리 도착", "Sound arrives"],
  devicesArrives: ["도착 {n}%", "{n} % arrives"],
  devicesArrivesNot: ["도착 안 됨", "DOES NOT ARRIVE"],
  devicesNotWatched: ["감시 없음", "not monitored"],
  devicesFirmware: ["펌웨어", "Firmware"],
  devicesRestarts: ["다시 켜짐", "Restarts"],
  devicesDetail: ["자세히", "Details"],
  devicesReadings: ["측정값", "Readings"],
  devicesReading: ["항목", "Reading"],
  devicesValue: ["값", "Value"],
  devicesAge: ["지난 시간", "Age"],
  devicesUnverified: ["확인되지 않은 항목", "not verified on this model"],
  devicesUnsupervised: ["아무도 보지 않는 이상", "Faults nobody looks for"],
  devicesSince: ["{time}부터", "since {time}"],
  devicesOver: ["{time}에 끝남", "over at {time}"],
  devicesTimes: ["{n}번째", "{n} times"],
  devicesBecause: ["먼저 고칠 것: {cause}", "Caused by {cause}"],
  devicesChildren: ["이 때문에 생긴 이상 {n}건", "explains {n} more"],
  devicesSeenBy: ["{name} 님이 확인", "seen by {name}"],
  devicesShelved: ["{until}까지 미룸 ({reason})", "put aside until {until} ({reason})"],
  devicesMaintained: ["작업 중, {until}까지 ({reason})", "being worked at until {until} ({reason})"],
  devicesWarned: ["지금 이 구간에 경보가 나가고 있습니다", "A warning plays here now"],
  devicesAcknowledge: ["확인했음", "I have seen it"],
  devicesReset: ["지우기", "Reset"],
  devicesResetNot: ["아직 계속됩니다. 끝난 뒤에 지울 수 있습니다", "It is still there; it can be reset when it is over"],
  devicesShelve: ["미루기…", "Put aside…"],
  devicesShelveTitle: ["이상 미루기: {what}", "Put a fault aside: {what}"],
  devicesMaintain: ["작업 시작…", "Work at it…"],
  devicesMaintainTitle: ["작업 중으로 표시: {what}", "Being worked at: {what}"],
  devicesMaintainHelp: ["그동안 이 앰프의 이상은 아무도 부르지 않습니다.", "Meanwhile its faults call nobody."],
  devicesReason: ["까닭", "Why"],
  devicesReasonNeeded: ["까닭을 적으십시오", "Say why"],
  devicesHours: ["얼마 동안", "How long"],
  devicesHour: ["{n}시간", "{n} h"],
  devicesDone: ["{act}: 됐습니다", "{act}: done"],
  severityCritical: ["긴급", "critical"],
  severityMajor: ["큼", "major"],
  severityMinor: ["작음", "minor"],
  severityInfo: ["알림", "info"],
});
await styled("views.css");

const READ_EVERY_MS = 5000;
const HOURS = [1, 4, 8, 24];

const known = signal({ amplifiers: [], faults: [] });
const problem = signal("");

async function load() {
  try {
    known.value = await ask("GET", "/amplifiers");
    problem.value = "";
  } catch (error) {
    problem.value = error.message;
  }
}

/** Do something about a fault or an amplifier; whether it was done. */
const done = (name, path, body) => change("POST", path, body, () => t("devicesDone", { act: name }), load);

const at = (utc) => dateAndTime(Date.parse(utc) / 1000);
const rightReason = (right) => lockReason() || (may(right) ? "" : t("lockRight"));

/** Asks how long and why; `send({hours, reason})` says whether it was done. */
function WhileSheet({ title, help, send, onClose }) {
  const [hours, setHours] = useState(HOURS[1]);
  const [reason, setReason] = useState("");
  return html`<${Sheet} title=${title} kind="narrow" onClose=${onClose}><div class="form">
    ${help && html`<p>${help}</p>`}
    <div class="chips" role="group" aria-label=${t("devicesHours")}>${HOURS.map((n) => html`<button type="button" class="chip" aria-pressed=${hours === n} onClick=${() => setHours(n)}>${t("devicesHour", { n })}</button>`)}</div>
    <label>${t("devicesReason")}<input name="reason" value=${reason} maxlength="500" data-first onInput=${(event) => setReason(event.currentTarget.value)} /></label>
    <div class="row end"><button type="button" class="button" onClick=${onClose}>${t("cancel")}</button>
      <${Act} kind="main" reason=${reason.trim() ? "" : t("devicesReasonNeeded")} onPress=${async () => { if (await send({ hours, reason })) onClose(); }}>${title}</${Act}></div></div></${Sheet}>`;
}

/** What is wrong, in the screen's language; behind the last colon stands what the device said. */
function sentenceOf(fault) {
  const whole = said(fault.sentence);
  const begin = whole.lastIndexOf(": ") + 2;
  return begin < 2 ? whole : whole.slice(0, begin) + spoken(whole.slice(begin));
}

function Fault({ fault, onShelve }) {
  const tell = [
    fault.there ? t("devicesSince", { time: at(fault.since_utc) }) : t("devicesOver", { time: at(fault.over_utc) }),
    fault.times > 1 && t("devicesTimes", { n: fault.times }),
    fault.cause && t("devicesBecause", { cause: fault.cause }),
    fault.children?.length > 0 && t("devicesChildren", { n: fault.children.length }),
    fault.acknowledged && t("devicesSeenBy", { name: fault.acknowledged_by }),
    fault.shelved && t("devicesShelved", { until: at(fault.shelved.until_utc), reason: fault.shelved.reason }),
    fault.maintenance && t("devicesMaintained", { until: at(fault.maintenance.until_utc), reason: fault.maintenance.reason }),
  ].filter(Boolean);
  const act = (name, path) => () => done(name, path, { fault: fault.id });
  return html`<li class="card device-fault" data-fault=${fault.id} data-severity=${fault.severity} data-there=${fault.there}>
    <p><${Shape} of=${fault.there ? "no" : "yes"} /> <b>${worded("severity", fault.severity)}</b> · ${sentenceOf(fault)}</p>
    ${fault.under_warning && html`<p class="bad">${t("devicesWarned")}</p>`}
    <p>${said(fault.what_to_do)}</p><p class="soft">${tell.join(" · ")}</p>
    <div class="acts">
      ${!fault.acknowledged && html`<${Act} data-act="acknowledge" reason=${rightReason("acknowledge-fault")} onPress=${act(t("devicesAcknowledge"), "/faults/acknowledge")}>${t("devicesAcknowledge")}</${Act}>`}
      ${fault.there && html`<${Act} data-act="shelve" reason=${rightReason("keep-amplifiers")} onPress=${() => onShelve(fault)}>${t("devicesShelve")}</${Act}>`}
      <${Act} data-act="reset" reason=${rightReason("keep-amplifiers") || (fault.there ? t("devicesResetNot") : "")} onPress=${act(t("devicesReset"), "/faults/reset")}>${t("devicesReset")}</${Act}>
    </div></li>`;
}

function Readings({ id }) {
  const [full, setFull] = useState(null);
  useEffect(() => {
    ask("GET", `/amplifiers/${encodeURIComponent(id)}`).then(
      ({ amplifier }) => setFull(amplifier), (error) => setFull({ problem: error.message }),
    );
  }, [id, known.value]);
  if (!full) return html`<p class="soft">${t("loading")}</p>`;
  if (full.problem) return html`<p class="bad" role="alert">${spoken(full.problem)}</p>`;
  return html`<p class="soft">${[full.model, full.serial, full.description, full.profile].filter(Boolean).join(" · ")}</p>
    <table><thead><tr><th scope="col">${t("devicesReading")}</th><th scope="col">${t("devicesValue")}</th><th scope="col">${t("devicesAge")}</th></tr></thead>
    <tbody>${full.readings.map((one) => html`<tr><th scope="row">${said(one.title)} ${one.name.split(" ")[1] ?? ""}</th><td>${one.number ?? one.value} ${one.unit}${one.verified ? "" : html` <small>${t("devicesUnverified")}</small>`}</td><td class="number">${t("devicesAnswered", { n: Math.round(one.age_s) })}</td></tr>`)}</tbody></table>
    <p class="soft">${t("devicesUnsupervised")}: ${full.unsupervised.join(", ") || "–"}</p>`;
}

function Arrival({ one }) {
  if (one.arrived === null) return html`<${Shape} of="unsupervised" /> ${t("devicesNotWatched")}`;
  return one.arrived
    ? html`<${Shape} of="yes" /> ${t("devicesArrives", { n: Math.min(100, Math.round((one.arrival_ratio ?? 1) * 100)) })}`
    : html`<b class="bad"><${Shape} of="no" /> ${t("devicesArrivesNot")}</b>`;
}

function Answer({ one }) {
  if (!one.has_agent) return html`<${Shape} of="unsupervised" /> ${t("devicesAgentless")}`;
  if (one.answered_s === null || one.error) return html`<b class="bad"><${Shape} of="no" /> ${t("devicesSilent")}</b> <small>${spoken(one.error)}</small>`;
  return html`<${Shape} of="yes" /> ${t("devicesAnswered", { n: Math.round(one.answered_s) })}`;
}

function Amplifier({ one, onMaintain }) {
  const [isOpen, setOpen] = useState(false);
  return html`<tr data-amplifier=${one.id}><th scope="row">${said(one.name)} <small>${one.id}</small></th><td class="number">${one.address}</td>
    <td><${Answer} one=${one} /></td><td><${Arrival} one=${one} /></td><td>${one.firmware || "–"}</td><td class="number">${one.restarts}</td>
    <td class="device-acts"><button type="button" class="button small" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${t("devicesDetail")}</button>
      <${Act} kind="small" reason=${may("keep-amplifiers") ? "" : t("lockRight")} onPress=${() => onMaintain(one)}>${t("devicesMaintain")}</${Act}></td></tr>
    ${isOpen && html`<tr><td colspan="7"><${Readings} id=${one.id} /></td></tr>`}`;
}

export function View() {
  const [shelving, setShelving] = useState(null);
  const [maintaining, setMaintaining] = useState(null);
  useEffect(() => {
    load();
    const timer = setInterval(load, READ_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  if (!me.value) return html`<p class="empty">${t("loading")}</p>`;
  const { amplifiers, faults } = known.value;
  const columns = ["devicesAmplifier", "devicesAddress", "devicesAnswer", "devicesArrival", "devicesFirmware", "devicesRestarts"];
  return html`<div class="log-view devices-page" data-old=${isOld.value || Boolean(problem.value)}>
    <h1>${t("devicesTitle")}</h1>
    ${problem.value && html`<p class="bad" role="alert"><${Shape} of="no" /> ${t("devicesUnheard", { why: spoken(problem.value) })}</p>`}
    <section class="panel"><h2>${t("devicesFaults")} <small>${faults.length}</small></h2>
      ${faults.length ? html`<ul class="device-faults">${faults.map((one) => html`<${Fault} key=${one.id} fault=${one} onShelve=${setShelving} />`)}</ul>`
    : html`<p class="soft"><${Shape} of="yes" /> ${t("devicesNoFaults")}</p>`}</section>
    <section class="panel"><h2>${t("devicesAmplifiers")} <small>${amplifiers.length}</small></h2>
      <div class="wide" tabindex="0" role="region" aria-label=${t("devicesAmplifiers")}><table class="devices"><thead><tr>${columns.map((one) => html`<th scope="col">${t(one)}</th>`)}<td></td></tr></thead>
      <tbody>${amplifiers.map((one) => html`<${Amplifier} key=${one.id} one=${one} onMaintain=${setMaintaining} />`)}</tbody></table></div></section>
    ${shelving && html`<${WhileSheet} title=${t("devicesShelveTitle", { what: sentenceOf(shelving) })} onClose=${() => setShelving(null)}
      send=${(body) => done(t("devicesShelve"), "/faults/shelve", { ...body, fault: shelving.id })} />`}
    ${maintaining && html`<${WhileSheet} title=${t("devicesMaintainTitle", { what: said(maintaining.name) })} help=${t("devicesMaintainHelp")} onClose=${() => setMaintaining(null)}
      send=${(body) => done(t("devicesMaintain"), `/amplifiers/${encodeURIComponent(maintaining.id)}/maintenance`, body)} />`}
  </div>`;
}
