"""Operators: late, in doubt, of different minds within a hundredth of a second, forgetful. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

from alerts.alert import AlertId, LastWord
from alerts.commands import (
    Acknowledge,
    AddZones,
    AllClear,
    Confirm,
    Correct,
    EndExercise,
    Escalate,
    Hold,
    Person,
    Raise,
    Reconfirm,
    Reject,
    StartExercise,
    StepDown,
)
from alerts.hazard import Level
from alerts.life_cycle import SOUNDING, WARNING, Event, State
from alerts.spoken import MessageId
from broadcaster.operation.agenda import Agenda
from broadcaster.operation.station import Station
from zones.bus import ZoneId

_NAMES: Final = ("kim", "lee", "park")
_ROLES: Final = frozenset({"operator"})
_MESSAGES: Final = (
    "wildfire-caution",
    "wildfire-evacuate",
    "flood-closing",
    "flood-evacuate",
    "storm-warning",
    "missing-person",
    "heat-caution",
)
_ANSWERS: Final = ("nobody", "yes", "no", "wait", "both")
_LOOKED_AFTER: Final = frozenset({Event.LOSE_SENSOR.value, Event.BLOCK_PROPOSAL.value})
"""What nothing ends but a person who goes and looks."""
_SOUNDING: Final = frozenset(state.value for state in SOUNDING)


class People:
    """Those who act on the warnings of a station, by chance and by what they are told."""

    def __init__(self, chance: random.Random, agenda: Agenda, station: Station) -> None:
        self._chance = chance
        self._agenda = agenda
        self._station = station
        self._number = 0

    # --- what they are told ---

    def hear(self, facts: Mapping[str, Any], now: float) -> None:
        """Decide what to do about a move of an alert, and when."""
        if facts["nature"] != "real":
            return
        name, to = AlertId(facts["alert"]["id"]), facts["to"]
        if facts["event"] in _LOOKED_AFTER and self._chance.random() < 0.5:
            self._later(now + self._chance.uniform(30, 1200), name, "all-clear")
        if facts["from"] == to:
            return
        if to == State.PENDING.value:
            self._judge(name, now)
        elif to == State.AIRING.value and facts["from"] not in _SOUNDING:
            self._follow(name, now)
        elif to == State.CLEAR_PROPOSED.value:
            act = "all-clear" if self._chance.random() < 0.8 else "reconfirm"
            self._later(now + self._chance.uniform(30, 1200), name, act)
        elif to == State.SUSTAINED.value and facts["event"] == "reconfirm":
            self._later(now + self._chance.uniform(60, 1800), name, "all-clear")

    def _judge(self, name: AlertId, now: float) -> None:
        at = now + self._chance.uniform(1, 55)
        match self._chance.choices(("nobody", "yes", "no", "wait", "both"), (30, 25, 20, 10, 15))[
            0
        ]:
            case "yes":
                self._later(at, name, "confirm")
            case "no":
                self._later(at, name, "reject")
            case "wait":
                self._later(at, name, "hold")
                act = self._chance.choice(["confirm", "reject"])
                self._later(at + self._chance.uniform(5, 150), name, act)
            case "both":
                self._at_odds(at, name, "confirm", "reject")

    def _follow(self, name: AlertId, now: float) -> None:
        if self._chance.random() < 0.4:
            act = self._chance.choice(["acknowledge", "escalate", "add-zones", "reconfirm"])
            self._later(now + self._chance.uniform(1, 300), name, act)
        if self._chance.random() < 0.15:
            return  # forgotten: its limit has to find it
        at = now + self._chance.choice([20, 300, 1800]) * self._chance.uniform(0.5, 1.5)
        match self._chance.choices(("correct", "over", "down", "odds"), (30, 40, 15, 15))[0]:
            case "correct":
                self._later(at, name, "correct")
            case "over":
                self._later(at, name, "all-clear")
            case "down":
                self._later(at, name, "step-down")
                self._later(at + self._chance.uniform(5, 900), name, "all-clear")
            case _:
                first, second = self._chance.sample(
                    ["correct", "all-clear", "escalate", "step-down", "add-zones"], 2
                )
                self._at_odds(at, name, first, second)
                self._later(at + self._chance.uniform(60, 900), name, "all-clear")

    def _at_odds(self, at: float, name: AlertId, first: str, second: str) -> None:
        """Two people do opposite things within 10 ms."""
        self._later(at, name, first)
        self._later(at + self._chance.uniform(0, 0.01), name, second)

    def _later(self, at: float, name: AlertId, act: str) -> None:
        self._agenda.add(at, f"{act} {name}", lambda: self._act(name, act))

    # --- what they do ---

    def _given(self) -> dict[str, Any]:
        self._number += 1
        who = Person(self._chance.choice(_NAMES), _ROLES)
        return {"key": f"person {self._number}", "who": who, "reason": "by chance"}

    def _zones(self) -> tuple[ZoneId, ...]:
        zones = [zone.id for zone in self._station.premises.site.zones]
        begin = self._chance.randrange(len(zones))
        return tuple(zones[begin : begin + self._chance.randint(1, 5)])

    def _act(self, name: AlertId, act: str) -> None:
        given: dict[str, Any] = {**self._given(), "alert": name}
        match act:
            case "confirm":
                self._station.order(act, Confirm(**given))
            case "reject":
                self._station.order(act, Reject(**given))
            case "hold":
                self._station.order(act, Hold(**given, seconds=self._chance.uniform(10, 120)))
            case "acknowledge":
                self._station.order(act, Acknowledge(**given))
            case "escalate":
                self._station.order(act, Escalate(**given, level=Level.EVACUATE))
            case "add-zones":
                self._station.order(act, AddZones(**given, zones=self._zones()))
            case "reconfirm":
                self._station.order(act, Reconfirm(**given))
            case "correct":
                self._station.order(act, Correct(**given))
            case "step-down":
                self._station.order(act, StepDown(**given, level=Level.CAUTION))
            case "all-clear":
                word = self._chance.choice(
                    [LastWord.BOTH, LastWord.HAZARD_OVER, LastWord.PATH_OPEN]
                )
                self._station.order(act, AllClear(**given, word=word))

    def warn(self) -> None:
        """Somebody sees something and warns."""
        message = MessageId(self._chance.choice(_MESSAGES))
        order = Raise(**self._given(), zones=self._zones(), message=message)
        self._station.order("raise", order)

    def practise(self) -> None:
        """An exercise is begun, and perhaps forgotten."""
        seconds = self._chance.choice([60.0, 600.0, 3600.0])
        order = StartExercise(
            **self._given(), message=MessageId("exercise"), zones=self._zones(), seconds=seconds
        )
        self._station.order("exercise", order)
        if self._chance.random() < 0.4:
            at = self._station.now + self._chance.uniform(5, seconds)
            self._agenda.add(at, "end of the exercise", self._end_exercises)

    def _end_exercises(self) -> None:
        book = self._station.book
        for exercise in () if book is None else book.exercises:
            self._station.order("end-exercise", EndExercise(**self._given(), exercise=exercise.id))

    def hand_over(self) -> None:
        """The next shift ends what the last one forgot."""
        book = self._station.book
        for alert in () if book is None else book.living:
            if alert.state in WARNING:
                self._act(alert.id, "all-clear")
