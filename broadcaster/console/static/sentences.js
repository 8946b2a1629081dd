/**
 * Sentences that the station makes: faults, reasons, evidence. The station says them in English, on
 * record and to programs as well; for a Korean screen they are found here by their form. Each has a
 * code that never changes, its English form and its Korean one; a blank may hold another sentence
 * of the table. What is refused is in refusals.js, which is not needed with the first view.
 *
 * A test goes through the station's sources: what it can say to a screen has to be here or there.
 */

const SENTENCES = {
  // faults of the station
  "no-engine": ["no engine speaks: nothing is sent", "송출 엔진이 멈췄습니다. 아무것도 나가지 않습니다"],
  "engine": ["engine: {what}", "송출 엔진: {what}"],
  "clock": ["clock: {what}", "시계: {what}"],
  "clock-unsynchronised": ["our clock is not synchronised", "방송국 시계가 맞춰져 있지 않습니다. 시각 동기(NTP)를 확인하십시오"],
  "clock-stepped-by": ["our clock was stepped by {s} s", "방송국 시계가 {s}초 뛰었습니다"],
  "plan-not-written": ["plan {revision} cannot be written: {why}; what plays goes on", "편성 {revision}을/를 쓰지 못했습니다: {why}. 나가던 방송은 계속됩니다"],
  "no-recordings": ["there is no recording in {folder}: the chime plays instead; put audio files there", "{folder}에 녹음이 없어 종소리를 대신 냅니다. 소리 파일을 넣으십시오"],
  "files-unplayable": ["{n} more files cannot be played", "재생할 수 없는 파일이 {n}개 더 있습니다"],
  "decoder-failed": ["{file}: the decoder failed on it; convert it, or take it away", "{file}: 읽지 못했습니다. 다른 형식으로 바꾸거나 빼십시오"],
  "import-failed": ["bringing in sound failed: {why}", "소리를 들여오지 못했습니다: {why}"],
  "not-written": ["cannot write {file}: {why}; free some space", "{file}을/를 쓰지 못했습니다: {why}. 저장 공간을 비우십시오"],
  "live-not-opened": ["the live source {name} cannot be opened: the list below it plays", "생방송 {name}에 연결하지 못해 아래 순위의 목록을 방송합니다"],
  "live-silent": ["the live source {name} brings no sound: the list below it plays; look at {address}", "생방송 {name}에서 소리가 오지 않아 아래 순위의 목록을 방송합니다. {address}를 확인하십시오"],
  "no-querier": ["no IGMP querier on {interface}: switches will flood or cut the sound; enable an IGMP querier", "{interface}에 IGMP 질의 장비가 없습니다. 스위치가 소리를 끊거나 넘치게 할 수 있으니 IGMP querier를 켜십시오"],
  "schedule-unplayed": ["the schedule is not played: {why}", "편성표를 방송하지 못합니다: {why}"],
  "schedule-broken": ["the schedule cannot be worked out; the site's own programme plays", "편성표를 풀지 못해 기본 방송을 냅니다"],
  "schedule-file-unread": ["the schedule file {file} cannot be read: {why}", "편성표 파일 {file}을/를 읽지 못합니다: {why}"],
  "schedule-file-encoding": ["the schedule file {file} is not UTF-8: save it as UTF-8", "편성표 파일 {file}이/가 UTF-8이 아닙니다. UTF-8로 저장하십시오"],
  "schedule-file-refused": ["the schedule file is not taken: {why}", "편성표 파일을 받아들이지 않았습니다: {why}"],
  "self-test-unheard": ["the hourly self-test was not heard on the wire within a second: a warning may be late; look at `broadcaster status`", "매시 자체 시험이 1초 안에 송출되지 않았습니다. 경보가 늦을 수 있습니다. broadcaster status를 확인하십시오"],
  "store-not-looked-after": ["the store was not looked after: {why}", "저장소를 점검하지 못했습니다: {why}"],
  "recording-damaged": ["the recording {name} is damaged in the store and its file is gone or changed: import it again", "녹음 {name}이/가 저장소에서 손상됐고 원본도 없거나 바뀌었습니다. 다시 들여오십시오"],
  "recordings-damaged": ["{n} more recordings are damaged in the store", "저장소에서 손상된 녹음이 {n}개 더 있습니다"],
  "store-over-budget": ["the store is {n} GB over its budget with what the station needs alone: raise store.budget, or take music out of the programme", "꼭 필요한 소리만으로도 저장소가 한도를 {n} GB 넘었습니다. store.budget을 늘리거나 음악을 줄이십시오"],
  "store-worker-hung": ["the worker did not come to an end", "작업이 끝나지 않았습니다"],
  "no-process": ["no process could be started ({why})", "프로세스를 띄우지 못했습니다 ({why})"],
  "no-beep": ["the server's own sound output is silent: {why}", "서버의 소리 출력이 나지 않습니다: {why}"],
  "not-told": ["{kind} \"{name}\" could not be told for {n} min: {why}", "{kind} “{name}”에 {n}분째 알리지 못했습니다: {why}"],
  "no-answer": ["it does not answer", "응답이 없습니다"],
  "events-misdated": ["events with right signatures do not fit our clock: look at its time service", "서명이 맞는 신호들의 시각이 우리 시계와 맞지 않습니다. 시각 동기를 확인하십시오"],
  "source-silent": ["{source} ({name}) has said nothing for {s} s", "{source} ({name})에서 {s}초 동안 신호가 없습니다"],
  "sources-silent": ["{n} sources have fallen silent: {sources}", "신호원 {n}곳에서 신호가 끊겼습니다: {sources}"],
  "sources-unheard": ["nothing has come yet from {n} of the site's sources: {sources}; connect them (`broadcaster keys add`), or take them out of the site file", "아직 한 번도 신호가 없는 신호원 {n}곳: {sources}. 연결하거나(broadcaster keys add) 사이트 파일에서 빼십시오"],
  "and-more": ["{names} and {n} more", "{names} 외 {n}개"],
  "automatic-synthetic": ["rules warn by themselves with a synthetic voice: {messages}; have them recorded and bring the recordings in with `broadcaster messages import`", "사람 없이 나가는 경보가 합성 음성입니다: {messages}. 녹음해서 broadcaster messages import로 들여오십시오"],
  "source-own-fault": ["{source}: reports a fault of its own", "{source}: 스스로 고장을 알렸습니다"],
  // what the ear and the amplifiers say of the sound
  "nothing-received": ["nothing received for {s} s", "{s}초 동안 아무것도 들어오지 않음"],
  "wrong-sound": ["wrong sound: {what}", "다른 소리: {what}"],
  "silent-for": ["silent for {s} s where the plan is not", "소리가 있어야 하는데 {s}초 동안 조용함"],
  "claim-not-staged": ["the claim on air does not sound (not staged, or spared by the engine); the next one does", "방송할 소리가 준비되지 않아 다음 순위가 나가고 있음"],
  "nothing-right": ["nothing right was heard in the last moments", "방금 맞는 소리를 듣지 못함"],
  "not-sure": ["not sure yet", "아직 확실하지 않음"],
  "not-of-plan": ["not the sound of the plan", "편성과 다른 소리"],
  "sound-of": ["the sound of {name}", "{name}의 소리"],
  "sound-unknown": ["a sound that is not in the plan", "편성에 없는 소리"],
  "sound-early": ["its own sound, {s} s too early", "제 소리가 {s}초 이르게 나옴"],
  "sound-late": ["its own sound, {s} s too late", "제 소리가 {s}초 늦게 나옴"],
  "live-voice": ["live voice {name}", "육성 {name}"],
  "not-in-store": ["{what} is not in the store", "{what}이/가 저장소에 없음"],
  "no-such-stream": ["the plan in force has no such stream", "편성에 없는 스트림"],
  "foreign-sender": ["somebody else sends to this group: {who}", "다른 장비가 이 그룹으로 보내고 있음: {who}"],
  "no-plan-taken": ["no engine has taken up a plan yet", "엔진이 아직 편성을 받지 않음"],
  "before-unknown": ["nothing is known of what came before", "그 전 상태를 알 수 없음"],
  "plan-replaced": ["plan {part} {revision} was replaced before it could be read", "편성 {part} {revision}이/가 읽기 전에 바뀜"],
  "payload-wrong": ["its payload type or length is not the plan's", "패킷 형식이나 길이가 편성과 다름"],
  "timestamp-off": ["its timestamp is more than a second off", "패킷 시각이 1초 넘게 어긋남"],
  "sequence-off": ["its sequence number does not belong to its timestamp", "패킷 순번과 시각이 맞지 않음"],
  "no-packet-ever": ["no packet has come", "패킷이 한 번도 오지 않음"],
  "no-packet-for": ["no packet for {s} s", "{s}초 동안 패킷이 없음"],
  "buffer-dry": ["its buffer was dry for {span}", "앰프에 소리가 {span} 비었음"],
  "span-of": ["{s} s of the last {n} s", "최근 {n}초 중 {s}초"],
  "no-answer-anywhere": ["no answer on any port", "어느 포트에서도 응답이 없음"],
  "no-answer-now": ["no answer", "응답이 없음"],
  "share-of-sent": ["{share} of what is sent", "보낸 것의 {share}"],
  "another-engine": ["another SNMP engine", "다른 SNMP 장치"],
  "became": ["{before} became {after}", "{before}에서 {after}(으)로 바뀜"],
  "amplifiers-lost": ["{lost} of {all} amplifiers lost", "앰프 {all}대 중 {lost}대가 끊김"],
  "not-arriving": ["packets do not arrive", "패킷이 도착하지 않음"],
  // evidence and doubts
  "said-since": ["{source} ({name}): {what}, since {time} UTC", "{source} ({name}): {what}, {time} UTC부터"],
  "measured-over": ["{what} {value} {unit}, at or over {limit} {same}", "{what} {value} {unit} (기준 {limit} {same} 이상)"],
  "measured-rise": ["{what} rose by {value} {unit} within {n} min", "{what}: {n}분 안에 {value} {unit} 올라감"],
  "measured-will": ["{what} will be {value} {unit} in {n} min if it goes on", "{what}: 이대로면 {n}분 뒤 {value} {unit}"],
  "seen-by-person": ["seen by a person", "사람이 봄"],
  "with-confidence": ["{what} with confidence {value}", "{what}, 확신도 {value}"],
  "window-because": ["a window of {s} s, because {why}", "{s}초 확인 시간, 까닭: {why}"],
  "clocks-wrong": ["our clock or its own is wrong", "우리 시계나 신호원의 시계가 틀림"],
  "sees-badly": ["{source} says itself that it sees badly", "{source}이/가 잘 보이지 않는다고 스스로 알림"],
  "began-often": ["{source} has begun more than {n} times in an hour", "{source}이/가 한 시간에 {n}번 넘게 울림"],
  "jumped": ["{source} jumped faster than water can move", "{source} 값이 물이 움직일 수 있는 것보다 빨리 뜀"],
  "stands-still": ["{source} stands still while others move", "다른 곳은 변하는데 {source}만 그대로임"],
  "was-old": ["{what} is {age} s old; from {source} {s} s are fresh", "{what}: {age}초 지난 신호. {source}은/는 {s}초까지 유효"],
  "was-early": ["{what} is dated {s} s ahead of our clock", "{what}: 우리 시계보다 {s}초 앞선 시각"],
  "no-rule": ["{what} has no rule", "{what}: 정해진 규칙이 없음"],
  "below-threshold": ["{sources}: below the threshold for {n} min", "{sources}: {n}분째 기준 아래"],
  "reports": ["{source} ({name}) reports {what}", "{source} ({name}) 신호: {what}"],
  "lost-no-clear": ["lost: {what}; that is no all-clear", "신호 끊김: {what}. 해제가 아님"],
  "source-says-now": ["{name} says {level} now", "{name} 신호가 이제 {level}"],
  "water_level": ["water level", "수위"],
  "fire": ["fire", "불"],
  "smoke": ["smoke", "연기"],
  "rainfall": ["rainfall", "강우"],
  "wind": ["wind", "바람"],
  "manual": ["manual", "사람의 신고"],
  // why an alert stands as it does
  "restarted": ["control was started again", "제어 장치가 다시 시작됨"],
  "found-on-air": ["found on air without a record", "기록 없이 방송 중인 것을 발견함"],
  "equal-sounds": ["an equal warning of its hazard sounds", "같은 위험의 경보가 이미 방송 중"],
  "source-ended": ["its source said that it ends now", "신호원이 끝났다고 알림"],
  "hours-over": ["{n} h are over", "{n}시간이 지남"],
  "evidence-goes-on": ["its evidence goes on", "근거 신호가 계속됨"],
  "evidence-of": ["the evidence of alert {id} goes on", "경보 {id}의 근거 신호가 계속됨"],
  "alert-is-equal": ["alert {id} is an equal warning of its hazard", "경보 {id}이/가 같은 위험의 경보임"],
  "still-above": ["its evidence is still above the threshold", "근거 신호가 아직 기준 위에 있음"],
  "breaks-glass": ["break-glass sends a warning without its second person", "혼자서 방송: 두 번째 사람 없이 보냄"],
  "told-everybody": ["a correction is told to everybody", "정정은 모두에게 알림"],
  "real-began": ["alert {id} is real", "실제 경보 {id}이/가 시작됨"],
  "ended-by": ["ended by {name}", "{name} 님이 끝냄"],
  "could-not-begin": ["it could not begin in time", "제때 시작하지 못함"],
  "how-it-stands": ["alert {id} ({hazard}, {level}) is {state}: it {past} by {who} at {time} UTC", "경보 {id} ({hazard}, {level})의 상태: {state} ({past}, {who}, {time} UTC)"],
  "how-it-stands-why": ["alert {id} ({hazard}, {level}) is {state}: it {past} by {who} at {time} UTC ({why})", "경보 {id} ({hazard}, {level})의 상태: {state} ({past}, {who}, {time} UTC, {why})"],
  "how-it-is": ["alert {id} ({hazard}, {level}) is {state}", "경보 {id} ({hazard}, {level})의 상태: {state}"],
  "was-raised": ["was raised", "발령"],
  "was-confirmed": ["was confirmed", "확인"],
  "was-sent-alone": ["was sent by breaking the glass", "혼자서 방송"],
  "was-rejected": ["was rejected", "오인 처리"],
  "was-held": ["was held", "시간 연장"],
  "was-aired-in-time": ["sounded when its window ended", "시간이 되어 방송"],
  "was-dropped-in-time": ["was dropped when its window ended", "시간이 되어 방송 없이 끝남"],
  "was-detected": ["was detected", "감지"],
  "was-asked-again": ["was asked again", "다시 물음"],
  "was-escalated": ["was escalated", "단계 올림"],
  "act-confirm": ["confirm", "방송 확인"],
  "act-reject": ["reject", "오인 처리"],
  "act-hold": ["hold", "시간 더"],
  "act-acknowledge": ["acknowledge", "확인 중"],
  "act-escalate": ["escalate", "단계 올리기"],
  "act-add-zones": ["add-zones", "구간 추가"],
  "act-step-down": ["step-down", "단계 내리기"],
  "act-correct": ["correct", "오경보 정정"],
  "act-all-clear": ["all-clear", "해제"],
  "act-reconfirm": ["reconfirm", "계속 위험"],
  "act-break-glass": ["break-glass", "혼자서 방송"],
  "act-stop": ["stop", "그만두기"],
  "act-none": ["nothing; raise a warning if there is need of one", "없음. 필요하면 새로 경보하십시오"],
  "is-airing": ["airing", "방송 중"],
  "is-sustained": ["sustained", "방송 계속 중"],
  "is-pending": ["pending", "확인 대기"],
  "is-held": ["held", "시간 연장 중"],
  "is-correcting": ["correcting", "정정 방송 중"],
  "is-clearing": ["clearing", "해제 방송 중"],
  "is-closed": ["closed", "끝남"],
  "is-rejected": ["rejected", "오인 처리됨"],
  "is-dropped": ["dropped", "방송 없이 끝남"],
  "level-caution": ["caution", "주의"],
  "level-warning": ["warning", "경보"],
  "level-evacuate": ["evacuate", "대피"],
  "flood": ["flood", "홍수"],
  "wildfire": ["wildfire", "산불"],
};

const LITERAL = /[.*+?^${}()|[\]\\]/g;
const MOST_KEPT = 1000;
const DEEPEST = 3;

function read([code, [english, korean]]) {
  const names = [];
  const form = english.split(/\{(\w+)\}/).map((part, n) => {
    if (n % 2 === 0) return part.replace(LITERAL, "\\$&");
    names.push(part);
    return "([^]+?)";
  }).join("");
  return { code, korean, names, form: new RegExp(`^${form}$`), plain: english.replace(/\{\w+\}/g, "").length, beginsOpen: english.startsWith("{") };
}

/** Particles that differ after a vowel; "으로" also after ㄹ. */
const PARTICLE = /(\S)([”)\]]?)(을\/를|은\/는|이\/가|으로\/로)/g;
const CLOSED_LATIN = /[lmnLMN013678]/;
const RIEUL = 8;

function fitted(_, last, closing, particle) {
  const [closed, open] = particle.split("/");
  const place = last.codePointAt(0) - 0xac00;
  const isHangul = place >= 0 && place < 11172;
  const isClosed = isHangul ? place % 28 > 0 : CLOSED_LATIN.test(last);
  const isRieul = isHangul ? place % 28 === RIEUL : /[lL178]/.test(last);
  return last + closing + (isClosed && !(open === "로" && isRieul) ? closed : open);
}

/** The closest first: those that begin with letters of their own, then those with the most. */
let forms = [];
const known = new Map();

/** Take more sentences into the table. */
export function learn(more) {
  forms = [...forms, ...Object.entries(more).map(read)]
    .sort((a, b) => a.beginsOpen - b.beginsOpen || b.plain - a.plain);
  known.clear();
}
learn(SENTENCES);

function found(sentence, depth) {
  for (const { code, korean, names, form } of forms) {
    const match = form.exec(sentence);
    if (match) {
      const values = Object.fromEntries(names.map((name, n) => [name, said(match[n + 1], depth + 1)]));
      return { code, text: korean.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "").replace(PARTICLE, fitted) };
    }
  }
  return null;
}

function said(sentence, depth) {
  if (depth > DEEPEST) return sentence;
  const whole = found(sentence, depth);
  if (whole || !sentence.includes(", ")) return whole?.text ?? sentence;
  return sentence.split(", ").map((part) => found(part, depth)?.text ?? part).join(", ");
}

/** A sentence of the station in Korean, as {code, text}; as it is, without a code, if none is known. */
export function inKorean(sentence) {
  if (!known.has(sentence)) {
    if (known.size > MOST_KEPT) known.clear();
    const parts = sentence.split("; ").map((part) => found(part, 0));
    const whole = found(sentence, 0)
      ?? (parts.every(Boolean) ? { code: parts[0].code, text: parts.map((one) => one.text).join(". ") } : { code: "", text: sentence });
    known.set(sentence, whole);
  }
  return known.get(sentence);
}
