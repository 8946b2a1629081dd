"""One message to the outside, and what carries it. Values and the words of a letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from broadcaster.notices.tellings import Telling
from broadcaster.notices.wanted import Wanted, fingerprint
from zones.notices_settings import Device
from zones.site import Name


class NotToldError(Exception):
    """Something could not be told; the text says why, without any secret."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message: `fields` for programs, subject and text for people, a switch for relays.

    `is_kept` asks a broker to keep it for those who come later.
    """

    id: str
    fields: Mapping[str, Any]
    subject: str = ""
    text: str = ""
    switch: tuple[str, bool] | None = None
    is_kept: bool = False
    is_test: bool = False


class Carrier(Protocol):
    """What brings a notice to one receiver."""

    @property
    def answers_later(self) -> bool:
        """Whether an answer comes by itself, some time after the notice."""

    async def tell(self, notice: Notice) -> Mapping[str, Any] | None:
        """Bring it; the answer, None when there is none.

        Raises:
            NotToldError: it was not taken.
        """


def device_notice(site: Name, device: Device, wanted: Wanted) -> Notice:
    """What a device is told."""
    fields = {
        "site": {"ko": site.ko, "en": site.en},
        "device": device.id,
        "kind": device.kind.value,
        "state": wanted.state,
        **wanted.fields,
    }
    return Notice(
        fingerprint(fields), {"id": fingerprint(fields), **fields},
        switch=wanted.switch, is_kept=True,
    )  # fmt: skip


def contact_notice(site: Name, role: str, tellings: Sequence[Telling]) -> Notice:
    """What a contact is told: changes and calls in one message."""
    name = tellings[0].id if len(tellings) == 1 else fingerprint({"of": [t.id for t in tellings]})
    is_call = any(one.is_call for one in tellings)
    fields = {
        "id": name,
        "site": {"ko": site.ko, "en": site.en},
        "to": role,
        "call": is_call,
        "alerts": [
            {**one.alert.said, "id": one.alert.id, "change": one.change, "telling": one.id}
            | ({"call": True} if one.is_call else {})
            for one in tellings
        ],
    }
    first = tellings[0].alert.said
    more = f" (+{len(tellings) - 1})" if len(tellings) > 1 else ""
    what = f"{first['title']['ko']} / {first['title']['en']}"
    urgent = "호출 CALL: " if is_call else ""
    subject = f"[{site.ko}] {urgent}{what}{more}"
    return Notice(name, fields, subject, _letter(site, tellings, is_call=is_call))


def test_notice(site: Name, name: str, at: str) -> Notice:
    """A message by which a way is tried; nobody must take it for a warning."""
    identity = fingerprint({"test": name, "at": at})
    fields = {"id": identity, "site": {"ko": site.ko, "en": site.en}, "test": True, "to": name}
    subject = f"[{site.ko}] 시험 / TEST"
    text = f"시험입니다. 아무 일도 없습니다.\nThis is a test. Nothing has happened.\n{at}\n"
    return Notice(identity, fields, subject, text, is_test=True)


def acknowledged(reply: Mapping[str, Any] | None, calls: Iterable[Telling]) -> list[Telling]:
    """The calls that an answer acknowledges: `true` for all of them, or a list of alerts."""
    said = None if reply is None else reply.get("acknowledged")
    if said is True:
        return list(calls)
    named = said if isinstance(said, list) else []
    return [one for one in calls if one.alert.id in named]


def _letter(site: Name, tellings: Sequence[Telling], *, is_call: bool) -> str:
    lines = [f"{site.ko} / {site.en}", ""]
    for one in tellings:
        said = one.alert.said
        lines += [
            f"{said['title']['ko']} / {said['title']['en']}",
            f"  상태 state: {one.change}",
            f"  단계 level: {said['level_name']}",
            f"  구역 zones: {', '.join(said['zones'])}",
            f"  발령 raised: {said.get('raised_at', '')} ({said.get('raised_by', '')})",
            *(f"  근거 evidence: {sentence}" for sentence in said.get("evidence", ())),
            *(f"  {text}" for text in said["text"].values()),
            f"  경보 번호 alert: {one.alert.id}",
            "",
        ]
    if is_call:
        lines += [
            "확인하셨으면 관제 화면에서, 또는 다음 명령으로 알려 주십시오.",
            "Acknowledge at the console, or with:",
            *(
                f"  broadcaster alerts acknowledge {one.alert.id}"
                for one in tellings
                if one.is_call
            ),
            "",
        ]
    return "\n".join(lines)
