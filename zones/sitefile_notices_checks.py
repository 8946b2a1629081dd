"""What is wrong with the key `notices` of a site file whose values are each right."""

from __future__ import annotations

from collections.abc import Iterator

from zones.notices_settings import Security
from zones.problem import Problem
from zones.sitefile_draft import Draft
from zones.sitefile_names import unknown_zones
from zones.sitefile_notices import DEVICES, ContactKeys, DeviceKeys, NoticesKeys
from zones.sitefile_shapes import SiteKeys
from zones.sitefile_ways import MAIL, MQTT, WAYS, MailKeys, MqttKeys
from zones.yaml_kind import ID, ValueProblem
from zones.yaml_shape import Placed, Record


def check_notices(draft: Draft) -> Iterator[Problem]:
    """Names that are no names or there twice, unknown zones, not one way, gaps in the list."""
    record = draft.top.may(SiteKeys.NOTICES)
    if record is None:
        return
    seen: dict[str, str] = {}
    people = (NoticesKeys.CONTACTS, NoticesKeys.TECHNICIANS)
    for field in (*(field for field, _ in DEVICES), *people):
        for name, entry in record.may(field) or ():
            yield from _check_name(name, field.key, seen)
            yield from _check_way(entry)
            if field not in people:
                yield from unknown_zones(draft, entry, DeviceKeys.ZONES)
    yield from _check_steps(record)
    home = record.may(NoticesKeys.HOME_ASSISTANT)
    if home is not None:
        yield from _check_broker(home)


def _check_name(name: Placed[str], table: str, seen: dict[str, str]) -> Iterator[Problem]:
    try:
        ID.read(name.value)
    except ValueProblem as wrong:
        yield name.place.problem(f"notices: {table}: {wrong.message}", wrong.hint)
    if name.value in seen:
        yield name.place.problem(
            f'notices: {table}: "{name.value}" is there already, in {seen[name.value]}'
        )
    seen.setdefault(name.value, table)


def _check_way(entry: Record) -> Iterator[Problem]:
    given = [field for field in WAYS if entry.has(field)]
    if len(given) != 1:
        several = ", ".join(field.key for field in given) or "none"
        yield entry.place.problem(
            f"{entry.subject}: needs one way to be told, has {several}",
            "write webhook, mqtt, relay, mail or apprise, whichever it takes",
        )
    mqtt, mail = entry.may(MQTT), entry.may(MAIL)
    if mqtt is not None:
        yield from _check_broker(mqtt)
    if mail is not None:
        if mail.has(MailKeys.PASSWORD_FILE) != mail.has(MailKeys.USER):
            yield mail.place.problem(f"{mail.subject}: user and password_file go together")
        if mail.may(MailKeys.SECURITY) is Security.NONE and mail.has(MailKeys.PASSWORD_FILE):
            yield mail.problem(
                MailKeys.PASSWORD_FILE,
                "a password would go over the network for all to read",
                "write security: tls or starttls",
            )


def _check_broker(mqtt: Record) -> Iterator[Problem]:
    if mqtt.has(MqttKeys.PASSWORD_FILE) != mqtt.has(MqttKeys.USER):
        yield mqtt.place.problem(f"{mqtt.subject}: user and password_file go together")
    if mqtt.may(MqttKeys.TLS) is False and mqtt.has(MqttKeys.AUTHORITY):
        yield mqtt.problem(MqttKeys.AUTHORITY, "authority is of no use without tls")


def _check_steps(record: Record) -> Iterator[Problem]:
    """The calling list has no gap: a call that reached one would reach nobody."""
    steps = {
        step: entry
        for _, entry in record.may(NoticesKeys.CONTACTS) or ()
        if (step := entry.may(ContactKeys.STEP)) is not None
    }
    if not steps:
        return
    missing = sorted(set(range(1, max(steps))) - steps.keys())
    if missing:
        entry = steps[max(steps)]
        yield entry.problem(
            ContactKeys.STEP,
            f"nobody stands at step {missing[0]} of the calling list, so that a call ends there",
        )
