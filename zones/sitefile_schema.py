"""The JSON Schema of the site file, for editors that complete and check while one types."""

from __future__ import annotations

from zones.sitefile_shapes import SiteKeys
from zones.yaml_kind import Schema


def site_schema() -> Schema:
    """The schema (draft 2020-12) of config.yaml as a YAML 1.2 reader sees it.

    It knows keys, kinds and ranges; whether names resolve and addresses are free, only the
    parser knows. It demands no key that a table of defaults may hold.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sorigil site file",
        **SiteKeys.SHAPE.schema(),
    }
