"""Reads the plan that the engine plays by, to go on from it."""

from __future__ import annotations

import logging

from broadcaster.engine.plan import Plan, PlanError
from broadcaster.engine.plan_file import PlanFile

log = logging.getLogger(__name__)


def adopted_plan(file: PlanFile) -> Plan | None:
    """The plan the engine plays by: the newest that can be read, else the one before it."""
    plan = read_part(file)
    return read_part(file, older=True) if plan is None else plan


def read_part(file: PlanFile, *, older: bool = False) -> Plan | None:
    """The plan in a file, or the one before it; None where there is none that can be read."""
    try:
        return file.read(older=older)
    except PlanError as error:
        log.warning("a plan cannot be read and is not adopted: %s", error)
        return None
