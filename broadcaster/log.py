"""How a process writes its log: one line an event, to standard error."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_BEFORE: tuple[Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
)


def set_up(role: str, *, level: int = logging.INFO) -> None:
    """Send what this process logs, by `logging` or structlog, to standard error.

    On a terminal in columns, else as `key=value` pairs with the `role` of the process.
    """

    def with_role(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["role"] = role
        return event

    renderers: tuple[Processor, ...] = (
        (structlog.dev.ConsoleRenderer(pad_event_to=0),)
        if sys.stderr.isatty()
        else (
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "role", "event"]),
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(*_BEFORE, with_role),
            processors=(structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers),
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=(*_BEFORE, with_role, structlog.stdlib.ProcessorFormatter.wrap_for_formatter),
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
