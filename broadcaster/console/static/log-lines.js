/** Entries of the journal as sentences, and as lines of a table that spreadsheets read. */

import { site } from "./state.js";
import { spoken } from "./station-words.js";
import { know, said, t, worded } from "./words.js";

/** [Korean, English]. */
know({
  logKindAll: ["모두", "All"],
  logKindAlert: ["경보", "Warnings"],
  logKindAct: ["방송", "Announcements"],
  logKindAsRun: ["방송 결과", "As run"],
  logKindFault: ["이상", "Faults"],
  logKindAudit: ["로그인·권한", "Audit"],
  logCame: ["발생", "came"],
  logWent: ["해소", "went"],
  logExercise: ["훈련", "exercise"],
  logSlowest: ["{n}개 구간, 가장 늦은 첫 패킷 {ms} ms", "{n} zones, slowest first packet {ms} ms"],
});

/** What a warning or an exercise was called; its id when its message is no longer there. */
export function titleOf({ subject, facts }) {
  const about = facts.alert ?? facts.exercise ?? {};
  const id = about.content?.message ?? about.message;
  const title = said(site.value?.messages.find((one) => one.id === id)?.title) || id || subject;
  return facts.nature === "exercise" ? `${t("logExercise")}: ${title}` : title;
}

export const kindWord = (kind) => (kind ? worded("logKind", kind) : t("logKindAll"));

const plain = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));
const listed = (facts, ...but) => Object.entries(facts)
  .filter(([name, value]) => !but.includes(name) && value !== null && value !== "")
  .map(([name, value]) => `${name}: ${plain(value)}`).join(", ");

function alertSentence(entry, isNamed) {
  const { by, reason, to, nature, event } = entry.facts;
  if (nature === "self-test") return `${entry.subject}: ${to}`;
  const parts = [isNamed && titleOf(entry), worded("state", to), by ?? event, spoken(reason)];
  return parts.filter(Boolean).join(" · ");
}

function asRunSentence({ subject, facts }) {
  if (!facts.path) {
    const long = Number.isFinite(facts.seconds) && t("seconds", { n: Math.round(facts.seconds) });
    return [facts.title ?? facts.claim ?? subject, subject, long, facts.ended].filter(Boolean).join(" · ");
  }
  const first = Object.values(facts.path.zones ?? {}).map((one) => one.first_packet_ms).filter(Number.isFinite);
  return `${subject}: ${t("logSlowest", { n: first.length, ms: first.length ? Math.round(Math.max(...first)) : "?" })}`;
}

/** What an entry says, in one line. */
export function sentenceOf(entry, isNamed = true) {
  const { kind, subject, facts } = entry;
  if (kind === "alert") return alertSentence(entry, isNamed);
  if (kind === "as_run") return asRunSentence(entry);
  if (kind === "fault") return `${spoken(facts.fault ?? subject)} · ${facts.it === "came" ? t("logCame") : facts.it === "went" ? t("logWent") : facts.it ?? ""}`;
  if (kind === "audit") return [facts.act ?? subject, facts.by, listed(facts, "act", "by", "given", "key")].filter(Boolean).join(" · ");
  return [facts.act, facts.title, facts.who, listed(facts, "act", "title", "who", "key")].filter(Boolean).join(" · ") || subject;
}

/** A cell that no spreadsheet takes for a formula. */
const cell = (value) => `"${String(value).replace(/^([=+\-@\t\r])/, "'$1").replaceAll('"', '""')}"`;

/** Entries as CSV: UTF-8 with a byte order mark, by which spreadsheets know Korean. */
export function asCsv(entries, when) {
  const rows = entries.map((one) => [one.sequence, one.utc, when(one.utc), one.kind, one.subject, sentenceOf(one), JSON.stringify(one.facts)]);
  const head = ["sequence", "utc", "local", "kind", "subject", "text", "facts"];
  return `\ufeff${[head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}
