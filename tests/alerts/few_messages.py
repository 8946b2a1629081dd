"""A catalogue of a few messages, and a book of alerts with a clock to try it by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.book import Book
from alerts.commands import Detected, Person, Raise
from alerts.hazard import Direction, HazardId, Level, Response
from alerts.life_cycle import Times
from alerts.message import GENERIC, Hazard, Message, Purpose, Tone
from alerts.message_book import MessageBook
from alerts.spoken import MessageId
from zones.site import Name

FLOOD, FIRE = HazardId("flood"), HazardId("wildfire")
BEGIN = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
KIM, LEE = Person("Kim"), Person("Lee")
RULE = Person("rule flood-level")
A, B, C, D = "hjc-01", "hjc-02", "hjc-03", "ans-01"


def _message(name, hazard, level, response, *, purpose=Purpose.WARNING, second=False, way=None):
    said = Name(name, name)
    return Message(
        id=MessageId(name),
        purpose=purpose,
        hazard=hazard,
        level=level,
        response=response,
        direction=way,
        title=said,
        authority=said,
        place=said,
        action=said,
        tone=Tone.ATTENTION,
        needs_second_person=second,
        wordings={},
    )


_ALL = (
    _message("caution", GENERIC, Level.CAUTION, Response.OTHER),
    _message("flood-close", FLOOD, Level.CAUTION, Response.AVOID),
    _message("flood-leave", FLOOD, Level.WARNING, Response.AVOID),
    _message("flood-evacuate", FLOOD, Level.EVACUATE, Response.EVACUATE, way=Direction.UP),
    _message("fire-caution", FIRE, Level.CAUTION, Response.AVOID),
    _message(
        "fire-evacuate", FIRE, Level.EVACUATE, Response.EVACUATE, second=True, way=Direction.DOWN
    ),
    _message("exercise", GENERIC, None, Response.OTHER, purpose=Purpose.EXERCISE),
    _message("correction", GENERIC, None, Response.OTHER, purpose=Purpose.CORRECTION),
)
MESSAGES = MessageBook(
    hazards={h: Hazard(h, Name(h, h), Name(h, h)) for h in (FLOOD, FIRE, GENERIC)},
    messages={message.id: message for message in _ALL},
    name_clauses={},
    every=(),
    rotating=(),
)


class Desk:
    """A book with both clocks, and keys that count by themselves."""

    def __init__(self, times=None):
        self.book = Book(MESSAGES, times or Times())
        self.now = 1000.0
        self.step = timedelta()
        self.count = 0
        self.moves: list[Any] = []

    @property
    def utc(self):
        return BEGIN + timedelta(seconds=self.now - 1000.0) + self.step

    def key(self):
        self.count += 1
        return f"key {self.count}"

    def do(self, kind, *, who=KIM, key=None, **fields):
        """Give a command; the moves it made."""
        command = kind(key=key or self.key(), who=who, **fields)
        moves = self.take(self.book.handle(command, self.now, self.utc))
        self.tell_lengths()
        return moves

    def take(self, moves):
        """Keep moves when they are made."""
        self.moves += moves
        return moves

    def tell_lengths(self):
        """Say of warnings that begin that a cycle of them takes 40 s."""
        for alert in self.book.living:
            if alert.settles is None:
                self.take(self.book.timed(alert.id, 40.0, self.now, self.utc))

    def wait(self, seconds):
        """Let time pass, doing what falls due when it does; the moves."""
        moves: list[Any] = []
        end = self.now + seconds
        while (due := self.book.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            moves += self.take(self.book.expire(self.now, self.utc))
            self.tell_lengths()
        self.now = end
        return moves

    def raised(self, message="flood-evacuate", zones=(A, B), who=KIM, **fields):
        """Raise by hand; the alert."""
        moves = self.do(Raise, message=MessageId(message), zones=zones, who=who, **fields)
        return self.book.alert(moves[-1].after.id)

    def detected(self, level=Level.CAUTION, window=60.0, incident="i1", zones=(A,), **fields):
        """Evidence of a rule; the moves."""
        fields = {"hazard": FIRE, "rule": "wildfire-camera", "who": RULE} | fields
        return self.do(
            Detected, incident=incident, level=level, zones=zones, window=window, **fields
        )

    def seen(self, **fields):
        """Evidence of a rule; the alert."""
        moves = self.detected(**fields)
        return self.book.alert(moves[-1].after.id)
