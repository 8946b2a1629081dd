"""The difference of two states as a JSON merge patch (RFC 7396), and states that have one.

In a merge patch null means that a member is gone, and lists are sent whole. So a state is made
plain first: members that are null are left out, and lists of things that have an `id` become
objects by that id.
"""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A JSON value as a merge patch can tell of it."""
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        ids = [item.get("id") if isinstance(item, dict) else None for item in value]
        if value and all(isinstance(each, str) for each in ids) and len(set(ids)) == len(ids):
            return {name: plain(item) for name, item in zip(ids, value, strict=True)}
        return [plain(item) for item in value]
    return value


def merge_patch(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What turns `before` into `after`, both plain; empty when they are equal."""
    patch: dict[str, Any] = {name: None for name in before if name not in after}
    for name, value in after.items():
        was = before.get(name)
        if was == value and type(was) is type(value):
            continue
        if isinstance(was, dict) and isinstance(value, dict):
            patch[name] = merge_patch(was, value)
        else:
            patch[name] = value
    return patch
