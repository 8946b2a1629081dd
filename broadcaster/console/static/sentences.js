/**
 * Sentences that the station makes: faults, refusals, reasons, evidence. The station says them in
 * English, on record and to programs as well; for a Korean screen they are found here by their
 * form. Each has a code that never changes, its English form and its Korean one; a blank may hold
 * another sentence of the table.
 *
 * A test goes through the station's sources: what it can say to a screen has to be here.
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
  // what is refused, about warnings
  "cannot": ["{act} is not possible: {standing}; possible now: {acts}", "지금은 할 수 없습니다: {act}. {standing}. 지금 할 수 있는 것: {acts}"],
  "no-alert": ["there is no alert {id}; living: {ids}", "경보 {id}이/가 없습니다. 진행 중: {ids}"],
  "no-incident": ["there is no alert of incident {id}; give it as a detection", "사건 {id}의 경보가 없습니다. 감지 신호로 보내십시오"],
  "no-zones": ["name at least one zone, or all of them", "구간을 하나 이상 고르십시오"],
  "no-zone-named": ["name at least one zone", "구간을 하나 이상 고르십시오"],
  "no-zones-rule": ["name at least one zone: without a place it is all zones", "구간을 하나 이상 정하십시오. 위치가 없으면 모든 구간입니다"],
  "rejection-recorded": ["a rejection is part of the record", "오인 처리는 기록에 남습니다"],
  "hold-too-long": ["a hold of {s} s is not possible: above 0 and up to {most} s is", "{s}초를 더할 수 없습니다. 0보다 크고 {most}초까지입니다"],
  "no-escalation": ["{what} is no escalation: {standing}, {now}", "{what}은/는 단계를 올리는 것이 아닙니다. {standing}, {now}"],
  "no-step-down": ["{what} is no step down: {standing}, {now}", "{what}은/는 단계를 내리는 것이 아닙니다. {standing}, {now}"],
  "in-zones-already": ["it is in these zones already; name others", "이미 그 구간에 나가고 있습니다. 다른 구간을 고르십시오"],
  "no-all-clear": ["{word} is no all-clear; say hazard over, path open or both", "{word}은/는 해제가 아닙니다. 위험 끝, 길 열림 중에서 고르십시오"],
  "no-all-clear-of": ["{word} is no all-clear; say {words}", "{word}은/는 해제가 아닙니다. {words} 중에서 고르십시오"],
  "nobody-called": ["nobody is being called: {standing}", "호출 중인 사람이 없습니다. {standing}"],
  "no-level-or-message": ["name the level or the message", "단계나 내용을 고르십시오"],
  "needs-second": ["{act} needs a second person: {name} raised it; it sounds by itself in {s} s, or at once by break-glass", "두 번째 사람이 필요합니다. {name} 님이 보냈습니다. {s}초 뒤 저절로 방송되고, 혼자서 방송을 누르면 바로 나갑니다"],
  "which-stop": ["which stop is it: correct (it was false), all-clear (it is over), or step-down (it is less)? {standing}", "어떻게 끝냅니까? 오경보 정정, 해제, 단계 내리기 중에서 고르십시오. {standing}"],
  "say-why": ["say why: {what}", "까닭을 적으십시오: {what}"],
  "update-no-escalation": ["an update does not escalate; give it as a detection: {standing}", "갱신으로 단계를 올릴 수 없습니다. {standing}"],
  "beside-real": ["no exercise beside a real alert: {standing}", "실제 경보가 있는 동안에는 훈련할 수 없습니다. {standing}"],
  "exercise-too-long": ["an exercise lasts up to {most} s, not {s} s", "훈련은 {most}초까지입니다. {s}초는 안 됩니다"],
  "no-exercise-message": ["message {id} is no exercise: take one that says so", "{id}은/는 훈련 내용이 아닙니다. 훈련이라고 말하는 내용을 고르십시오"],
  "no-exercise": ["there is no exercise {id}; running: {ids}", "훈련 {id}이/가 없습니다. 진행 중: {ids}"],
  "exercise-over": ["exercise {id} is {state} already: {why}", "훈련 {id}은/는 이미 끝났습니다: {why}"],
  "words-left-out": ["your own words are left out in {language}: nobody has spoken them yet", "직접 쓴 말은 {language}으로/로 나가지 않습니다. 아직 녹음되지 않았습니다"],
  "message-instead": ["{message} cannot be spoken: {other} is said instead", "{message}을/를 말할 수 없어 {other}을/를 대신 말합니다"],
  "message-tone": ["{message} cannot be spoken: only its tone sounds; record it", "{message}을/를 말할 수 없어 경보음만 납니다. 녹음하십시오"],
  "language-left-out": ["{message}: left out in {language}: its voice is {status}", "{message}: {language}은/는 빠집니다. 음성 상태: {status}"],
  "only-looked-at": ["only a warning or an exercise can be looked at before", "경보와 훈련만 미리 볼 수 있습니다"],
  "no-where": ["say where: zones, a camera, or a place", "어디인지 고르십시오: 구간, 카메라, 위치"],
  "no-camera": ["there is no camera \"{name}\" in the site file: {hint}", "“{name}” 카메라가 없습니다. {hint}"],
  "mean": ["did you mean \"{name}\"?", "혹시 “{name}”입니까?"],
  "name-zones": ["name the zones instead", "대신 구간을 고르십시오"],
  "reason-too-long": ["a reason has at most {n} characters", "까닭은 {n}자까지입니다"],
  "no-what": ["say what to warn of: a message or a hazard", "무엇을 경보할지 고르십시오"],
  "no-seconds": ["{what} is no number of seconds", "{what}은/는 초가 아닙니다"],
  "words-by-language": ["words are a text for each language, such as ko and en", "직접 쓴 말은 언어마다 하나씩입니다"],
  "words-languages": ["words can be in {languages}, not in {other}", "직접 쓴 말은 {languages}으로/로 쓸 수 있고 {other}으로/로는 안 됩니다"],
  "words-too-long": ["your own words have {n} characters in {language}; {most} are the most that is still listened to", "직접 쓴 말이 {language}으로/로 {n}자입니다. {most}자까지만 끝까지 듣습니다"],
  "no-place": ["a place is [latitude, longitude] in degrees", "위치는 [위도, 경도]입니다"],
  "nowhere": ["{lat}, {lon} is nowhere: latitude comes first", "{lat}, {lon}은/는 없는 위치입니다. 위도를 먼저 쓰십시오"],
  "no-zone-near": ["no zone lies within {n} m of that place: name the zones", "그 위치에서 {n} m 안에 구간이 없습니다. 구간을 고르십시오"],
  "no-level": ["there is no level {level}; there are {levels}", "{level} 단계는 없습니다. 있는 것: {levels}"],
  "not-adopted": ["the engine has not adopted plan {revision} within {s} s", "송출 엔진이 {s}초 안에 편성 {revision}을/를 받지 않았습니다"],
  // what is refused, about announcements and the rest
  "not-played-kind": ["{kind} cannot be played: notice or warning can", "{kind}은/는 방송할 수 없습니다. 공지나 경보만 됩니다"],
  "priority-outside": ["priority {n} is outside {least} .. {most}", "순위 {n}은/는 {least}에서 {most} 사이가 아닙니다"],
  "title-too-long": ["a title has at most {n} characters", "제목은 {n}자까지입니다"],
  "warning-priority": ["a warning has priority {least} .. {most}, not {n}", "경보의 순위는 {least}에서 {most} 사이입니다. {n}은/는 안 됩니다"],
  "warning-repeats": ["a warning is repeated until it is withdrawn: say repeat", "경보는 거둘 때까지 되풀이합니다"],
  "no-sound": ["say what to play: a recording's pcm or a prepared message", "무엇을 방송할지 고르십시오"],
  "no-play-zone": ["no zone is named: say where to play it", "어디에 방송할지 고르십시오"],
  "quiet-hours": ["it is quiet hours in {zones}: play it later, or say that it is meant for quiet hours (--in-quiet-hours)", "{zones}은/는 조용한 시간입니다. 나중에 방송하거나 조용한 시간에도 낼 것이라고 표시하십시오"],
  "level-for-warnings": ["levels from {n} on are for warnings: use --kind warning, or a priority below {same}", "{n} 이상은 경보의 순위입니다"],
  "no-message": ["there is no message {id}; there are: {ids}", "{id} 내용이 없습니다. 있는 것: {ids}"],
  "zones-are": ["zones are {zones}", "구간: {zones}"],
  "no-zone": ["there is no zone or group \"{name}\": {hint}", "“{name}” 구간이나 묶음이 없습니다. {hint}"],
  "pcm-unnamed": ["{name} names no sound: it must be 64 hex digits", "{name}은/는 소리의 이름이 아닙니다"],
  "pcm-length": ["a recording needs a length of at least 1 sample", "녹음의 길이가 있어야 합니다"],
  "no-pcm": ["the store has no sound {name}...", "저장소에 소리 {name}이/가 없습니다"],
  "pcm-other-length": ["that sound has {n} samples, not {given}", "그 소리의 길이는 {n}이며 {given}이/가 아닙니다"],
  "too-many-claims": ["the plan holds {n} claims; withdraw some", "편성에 {n}건이 있습니다. 몇 건을 거두십시오"],
  "programme-stays": ["{id} is the programme and cannot be withdrawn", "{id}은/는 정규 방송이라 거둘 수 없습니다"],
  "belongs-to": ["{id} belongs to {alert}: end that with `broadcaster alerts correct`, `all-clear` or `step-down`", "{id}은/는 {alert}의 것입니다. 그 경보를 정정, 해제, 단계 내리기로 끝내십시오"],
  "no-claim": ["there is no claim {id}; there are: {ids}", "{id} 방송이 없습니다. 있는 것: {ids}"],
  "control-unknown": ["control does not know {name}", "제어 장치가 {name}을/를 모릅니다"],
  "control-knows": ["control does not know {name}; it knows {names}", "제어 장치가 {name}을/를 모릅니다. 아는 것: {names}"],
  "no-zone-or-amplifier": ["no zone or amplifier \"{name}\" here; zones are {zones}", "“{name}” 구간이나 앰프가 없습니다. 구간: {zones}"],
  "spare-plays-already": ["{spare} plays {zone} since {time} UTC: let it give that back first, with `broadcaster spares give-back {same}`", "예비 {spare}이/가 {time} UTC부터 {zone}을/를 맡고 있습니다. 먼저 돌려주십시오: broadcaster spares give-back {same}"],
  "plays-several": ["{amplifier} plays {zones}: name one of these zones", "{amplifier}은/는 {zones}을/를 맡습니다. 그중 하나를 고르십시오"],
  "watch-down": ["the watch cannot be asked: {why}", "앰프 감시 장치가 응답하지 않습니다: {why}"],
  "no-fault": ["no fault {id} here; there is {ids}", "{id} 이상이 없습니다. 있는 것: {ids}"],
  "fault-there": ["{id} is still there: it can be reset when it is over; acknowledge it, or put it aside with `faults shelve`", "{id}은/는 아직 계속됩니다. 끝난 뒤에 지울 수 있습니다. 확인하거나 미뤄 두십시오"],
  "no-amplifier": ["no amplifier {name} here; there are {names}", "{name} 앰프가 없습니다. 있는 것: {names}"],
  "zone-stays": ["zone {zone} cannot go while {what} is there: withdraw it first", "{what}이/가 있는 동안 구간 {zone}을/를 뺄 수 없습니다. 먼저 거두십시오"],
  "may-not": ["{name} may not {act}; ask somebody who may", "{name} 님은 {act} 권한이 없습니다. 권한이 있는 사람에게 부탁하십시오"],
  "cannot-play-use": ["{name} cannot be played; use {other}", "{name}은/는 방송할 수 없습니다. {other}을/를 쓰십시오"],
  "rules-unread": ["the rules {file} cannot be read: {why}", "규칙 파일 {file}을/를 읽지 못합니다: {why}"],
  "needs-new-socket": ["sending by {interface} with TTL {ttl} and DSCP {dscp} needs a new socket, and sockets are opened only at the start: restart the controller for this change", "{interface} (TTL {ttl}, DSCP {dscp})로 보내려면 다시 시작해야 합니다"],
  "not-a-text": ["{name}: {value} is not a text", "{name}: {value}은/는 글이 아닙니다"],
  "text-too-long": ["{name}: it has at most {n} characters", "{name}: {n}자까지입니다"],
  "not-a-list": ["{name}: {value} is not a list of names", "{name}: {value}은/는 이름 목록이 아닙니다"],
  "no-roles-list": ["roles is a list of names", "역할은 이름 목록입니다"],
  "not-a": ["{name}: {value} is not {what}", "{name}: {value}은/는 {what}이/가 아닙니다"],
  "too-large": ["{name}: {value} is too large", "{name}: {value}은/는 너무 큽니다"],
  "no-name-list": ["{name}: not a list of names", "{name}: 이름 목록이 아닙니다"],
  "control-failed": ["{role} failed on this command: {why}; its log says more", "{role}이/가 이 명령에서 실패했습니다: {why}. 자세한 것은 기록에 있습니다"],
  // the console's own refusals
  "control-down": ["control does not run, so nothing was done; it is being restarted. To warn without it: `broadcaster local play` on the station's machine", "제어 장치가 멈춰 아무것도 하지 않았습니다. 다시 시작하는 중입니다. 급하면 방송국 장비에서 broadcaster local play를 쓰십시오"],
  "control-not-there": ["control does not run", "제어 장치가 멈춰 있습니다"],
  "outcome-unknown": ["it is not known whether this was done: {why}. Send it again with the same Idempotency-Key: it is never done twice", "실행됐는지 알 수 없습니다: {why}. 다시 보내도 두 번 실행되지 않습니다"],
  "control-unheard": ["control has not been heard yet; it may be starting", "제어 장치의 소식이 아직 없습니다. 시작하는 중일 수 있습니다"],
  "sign-in-first": ["sign in first: your session has ended or never began. Nothing was done; after signing in send the same again with the same Idempotency-Key", "먼저 로그인하십시오. 아무것도 실행되지 않았습니다"],
  "not-allowed": ["{name} may not do this ({act}); {roles} may", "{name} 님은 이것을 할 수 없습니다 ({act}). 할 수 있는 역할: {roles}"],
  "nothing-at": ["there is nothing at {path}", "{path}에는 아무것도 없습니다"],
  "not-that-way": ["{method} is not for {path}", "{path}에 {method}은/는 쓰지 않습니다"],
  "body-too-long": ["a body has at most {n} bytes", "요청은 {n}바이트까지입니다"],
  "other-name": ["this station is not called that; add the name to `names` of `console` in the site file", "이 방송국의 이름이 아닙니다. 사이트 파일의 console, names에 더하십시오"],
  "foreign-origin": ["this was sent by a page of another site, or by none", "다른 사이트의 화면에서 보낸 요청입니다"],
  "no-key": ["send an Idempotency-Key of 8 to 100 letters, digits or _.:- with each act", "명령마다 Idempotency-Key가 있어야 합니다"],
  "key-used": ["this Idempotency-Key came with another request before: take a new one", "이 Idempotency-Key는 다른 요청에 쓰였습니다"],
  "too-many-requests": ["too many requests; wait a moment", "요청이 너무 많습니다. 잠시 기다리십시오"],
  "no-token-now": ["there is no such token, or it has expired or was revoked", "그런 토큰이 없거나 기한이 지났거나 취소됐습니다"],
  "too-slow": ["the request took too long to arrive", "요청이 너무 늦게 왔습니다"],
  "not-json": ["send application/json", "application/json으로 보내십시오"],
  "nothing-changed": ["{why}; nothing was changed", "{why}. 아무것도 바뀌지 않았습니다"],
  "console-failed": ["the console failed on this request; its log says more", "콘솔이 이 요청에서 실패했습니다. 자세한 것은 기록에 있습니다"],
  "token-zones": ["this token is only for {zones}: name zones among them", "이 토큰은 {zones}에만 쓸 수 있습니다"],
  "too-many-pages": ["too many pages watch this station already", "이 방송국을 보는 화면이 너무 많습니다"],
  "nobody-called-so": ["there is nobody called {name}", "{name} 님은 없습니다"],
  "no-session": ["there is no session {id}", "그런 접속이 없습니다 ({id})"],
  "only-administrator": ["{name} is the only administrator: make somebody else one first", "{name} 님이 하나뿐인 관리자입니다. 먼저 다른 관리자를 만드십시오"],
  "no-roles": ["name at least one role: {roles}", "역할을 하나 이상 고르십시오"],
  "shown-name": ["a shown name is plain text of at most {n} characters", "보이는 이름은 {n}자까지의 글입니다"],
  "sign-in-name": ["{name} is not a name to sign in with: use a-z, 0-9 and . _ -, at most 40", "{name}은/는 로그인 이름으로 쓸 수 없습니다. a-z, 0-9, . _ - 로 40자까지입니다"],
  "has-administrator": ["there is an administrator already; ask them for an account", "이미 관리자가 있습니다. 계정을 부탁하십시오"],
  "most-people": ["{n} people are the most", "{n}명까지입니다"],
  "name-taken": ["there is somebody called {name} already", "{name} 님이 이미 있습니다"],
  "password-length": ["a password has {least} to {most} characters", "비밀번호는 {least}자에서 {most}자까지입니다"],
  "password-easy": ["that password is too easy to guess: don't use the name, nor the same few letters", "너무 쉬운 비밀번호입니다. 이름이나 같은 글자 몇 개로 만들지 마십시오"],
  "people-newer": ["{file} is of version {version}, this installation knows {known}: use the newer installation", "{file}은/는 더 새로운 버전({version})입니다. 이 설치는 {known}까지 압니다"],
  "people-unopened": ["cannot open {file}: {why}", "{file}을/를 열지 못합니다: {why}"],
  "people-unread": ["{file} cannot be read: {why}; restore it from a backup, or move it away and set up the people anew", "{file}을/를 읽지 못합니다: {why}. 백업에서 되돌리거나 사람을 다시 등록하십시오"],
  "people-unwritten": ["{file} cannot be written: {why}", "{file}을/를 쓰지 못합니다: {why}"],
  "unknown-subject": ["neither control nor the journal knows {id}", "제어 장치도 기록도 {id}을/를 모릅니다"],
  "no-picture": ["no picture {name}; they are kept for {n} days", "사진 {name}이/가 없습니다. 사진은 {n}일 동안 보관합니다"],
  "picture-changed": ["picture {name} was changed, or the key was", "사진 {name}이나 열쇠가 바뀌어 열 수 없습니다"],
  "picture-unnamed": ["\"{name}\" is not the name of a picture", "“{name}”은/는 사진의 이름이 아닙니다"],
  "pictures-unread": ["the pictures cannot be read: {why}", "사진을 읽지 못합니다: {why}"],
  "no-authority": ["this station has no authority: `broadcaster tls init` makes one", "인증 기관이 없습니다. broadcaster tls init으로 만드십시오"],
  "wrong-credentials": ["name, password or code is wrong, or the code was used before", "이름, 비밀번호, 인증 번호가 틀렸거나 이미 쓴 번호입니다"],
  "wrong-setup-code": ["that is not the code in {file}", "{file}에 있는 번호가 아닙니다"],
  "wrong-app-code": ["that is not the app's code; are its clock and ours right?", "앱의 번호가 아닙니다. 앱과 방송국의 시각이 맞습니까?"],
  "locked": ["too many wrong passwords: try again in {s} s", "비밀번호가 여러 번 틀렸습니다. {s}초 뒤에 다시 하십시오"],
  "too-many-attempts": ["too many attempts: try again in {s} s", "시도가 너무 많습니다. {s}초 뒤에 다시 하십시오"],
  "too-many-sign-ons": ["too many attempts: wait a moment", "시도가 너무 많습니다. 잠시 기다리십시오"],
  "no-account": ["this is for people with an account here, not for tokens", "여기에 계정이 있는 사람만 쓸 수 있습니다"],
  "code-needed": ["give the code of your authenticator app too", "인증 앱의 번호도 넣으십시오"],
  "token-name": ["{name} is not a name for a token: use letters, digits, . - _", "{name}은/는 토큰 이름으로 쓸 수 없습니다"],
  "no-token": ["there is no token {name}", "{name} 토큰이 없습니다"],
  "token-taken": ["there is a token called {name} already", "{name} 토큰이 이미 있습니다"],
  "too-many-listen": ["{n} pages listen already; end one of them first", "이미 {n}곳에서 듣고 있습니다. 먼저 하나를 끝내십시오"],
  "no-zone-stream": ["no stream of the plan carries a zone {zone}", "구간 {zone}의 스트림이 없습니다"],
  "cannot-hear": ["{what} cannot be heard: {why}", "{what}을/를 들을 수 없습니다: {why}"],
  "plan-unread": ["the plan cannot be read: {why}", "편성을 읽지 못합니다: {why}"],
  "file-too-large": ["a file has at most 8 GB", "파일은 8 GB까지입니다"],
  "too-many-files": ["four files are coming in already; send it in a moment", "이미 파일 네 개를 받고 있습니다. 잠시 뒤에 보내십시오"],
  "file-stopped": ["nothing came for half a minute", "30초 동안 아무것도 오지 않았습니다"],
  "file-empty": ["the file is empty: nothing was sent", "빈 파일입니다"],
  "file-not-kept": ["the file cannot be kept ({why}); free some space", "파일을 저장하지 못했습니다 ({why}). 저장 공간을 비우십시오"],
  "disk-almost-full": ["the disk has {n} GB free, and 1 GB stays free: free some space", "디스크에 {n} GB만 남았고 1 GB는 비워 둡니다. 공간을 비우십시오"],
  "list-items-or-rule": ["name items for a fixed list, or choose for a rotating one", "정해진 목록이면 항목을, 돌아가는 목록이면 고르는 방법을 주십시오"],
  "nothing-to-change": ["put or remove something", "바꿀 것이 없습니다"],
  "token-not-programme": ["this token is only for some zones; the programme is one", "이 토큰은 몇 구간에만 쓸 수 있습니다. 편성은 하나입니다"],
  "no-page": ["there is no page {path}", "{path} 화면은 없습니다"],
  "other-version": ["that file is not of this version: load anew", "이 버전의 파일이 아닙니다. 새로 고치십시오"],
  "need-message-or-hazard": ["name a message or a hazard", "무엇을 경보할지 고르십시오"],
  "need-where": ["say where: zones, a camera or a place", "어디인지 고르십시오: 구간, 카메라, 위치"],
  "need-level-or-message": ["name a level or a message", "단계나 내용을 고르십시오"],
  "need-message-or-pcm": ["name a message, or a sound by pcm and length", "내용이나 소리를 고르십시오"],
  "pcm-with-length": ["pcm and length go together", "소리와 길이를 함께 주십시오"],
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
const FORMS = Object.entries(SENTENCES).map(read)
  .sort((a, b) => a.beginsOpen - b.beginsOpen || b.plain - a.plain);
const known = new Map();

function found(sentence, depth) {
  for (const { code, korean, names, form } of FORMS) {
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
