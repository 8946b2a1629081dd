/** Sentences with which the schedule refuses something; as in sentences.js. */

import { learn } from "./sentences.js";

const SENTENCES = {
  "entry-of": ["entry \"{name}\": {what}", "편성 {name}: {what}"],
  "playlist-of": ["playlist \"{name}\": {what}", "재생목록 {name}: {what}"],
  "no-such-playlist": ["playlist: there is no playlist \"{name}\"", "그런 재생목록이 없습니다: {name}"],
  "no-such-live": ["live: there is no live \"{name}\"", "그런 생방송이 없습니다: {name}"],
  "no-such-zone": ["zones: there is no zone or group \"{name}\"", "그런 구역이 없습니다: {name}"],
  "no-day-and-time": ["first: \"{text}\" is not a day and time", "날짜와 시각이 아닙니다: {text}"],
  "first-year": ["the first time is in {year}; use {from} .. {until}", "첫날이 {year}년입니다. {from}년부터 {until}년까지 쓸 수 있습니다"],
  "length-outside": ["length: {value} is outside {least} to {most}", "길이 {value}은/는 안 됩니다. {least}에서 {most}까지입니다"],
  "rank-outside": ["rank: {value} is outside {least} to {most}", "순위 {value}은/는 안 됩니다. {least}에서 {most}까지입니다"],
  "rank-no-number": ["rank: \"{value}\" is not a plain number", "순위를 숫자로 적으십시오"],
  "title-long": ["title: the text has {n} characters; {most} are the most", "이름이 {n}자입니다. {most}자까지입니다"],
  "title-empty": ["title: the text is empty", "이름을 적으십시오"],
  "title-control": ["title: the text holds a line break or control character", "이름에 줄바꿈을 쓸 수 없습니다"],
  "rule-needs-freq": ["\"{rule}\": needs FREQ= one of {words}; for several times a day write {example}", "반복 규칙이 아닙니다: {rule}. FREQ={words} 중 하나가 있어야 합니다"],
  "rule-part": ["\"{rule}\": {part} is not understood", "반복 규칙의 {part}을/를 알 수 없습니다"],
  "rule-never": ["\"{rule}\" from {day} on never fires; no such day exists", "{day}부터 이 규칙에 맞는 날이 없습니다"],
  "one-of-three": ["needs one of playlist, live, silence", "재생목록, 생방송, 조용함 중에서 하나를 고르십시오"],
  "none-to-remove": ["{section}: there is no \"{name}\" to remove", "이미 지워졌습니다: {name}"],
  "write-like": ["write it like {example}", "이렇게 적으십시오: {example}"],
  "since-changed": ["{who} has changed {what} since version {n} (version {m}, {at} UTC); look at it, then change it again", "{n}판 뒤에 {who} 님이 바꿨습니다({m}판). 확인하고 다시 바꾸십시오"],
};

learn(SENTENCES);
