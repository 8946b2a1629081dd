"""The words of a message about faults. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from broadcaster.notices.fault_tellings import Change, FaultTelling
from broadcaster.notices.notice import Notice
from broadcaster.notices.wanted import fingerprint
from zones.site import Name

_LONGEST_SUBJECT: Final = 180


def fault_notice(site: Name, role: str, batch: Sequence[FaultTelling], left: int = 0) -> Notice:
    """A message of some faults; `left` are those that follow in the next."""
    faults = [{**one.said, "change": one.change.value} for one in batch]
    name = fingerprint(
        {"to": role, "of": [[one.fault, one.change.value, one.occurrence] for one in batch]}
    )
    fields = {
        "id": name, "site": {"ko": site.ko, "en": site.en}, "to": role, "faults": faults,
        "left": left,
    }  # fmt: skip
    first, more = batch[0], len(batch) + left - 1
    also = f" (+{more})" if more else ""
    subject = f"[{site.ko}] {_state(first)} {_sentence(first, 'en')}{also}"
    return Notice(name, fields, subject[:_LONGEST_SUBJECT], _letter(site, batch, left))


def _sentence(one: FaultTelling, language: str) -> str:
    said = one.said.get("sentence") or {}
    return str(said.get(language) or one.fault)


def _state(one: FaultTelling) -> str:
    if one.change is Change.OVER:
        return "복구 OVER:"
    severity = str(one.said.get("severity", "")).upper()
    return (
        f"{severity}, 경보 중 UNDER A WARNING:" if one.change is Change.WARNED else f"{severity}:"
    )


def _letter(site: Name, batch: Sequence[FaultTelling], left: int) -> str:
    lines = [f"{site.ko} / {site.en}", ""]
    for one in batch:
        lines += [
            f"{_state(one)} {one.fault}",
            *dict.fromkeys(f"  {_sentence(one, language)}" for language in ("ko", "en")),
            *([] if one.change is Change.OVER else _what_to_do(one)),
            "",
        ]
    if left:
        lines.append(f"{left}건 더 있음 / {left} more follow")
    return "\n".join(lines)


def _what_to_do(one: FaultTelling) -> list[str]:
    to_do = one.said.get("what_to_do") or {}
    spares = ", ".join(one.said.get("spares") or ())
    of_amplifier = one.said.get("kind") != "station"
    return [
        *(f"  {text}" for text in to_do.values()),
        *([f"  예비 앰프 spare: {spares}"] if spares else []),
        f"  발생 since: {one.said.get('since_utc', '')}",
        *([f"  broadcaster faults ack {one.fault}"] if of_amplifier else []),
    ]
