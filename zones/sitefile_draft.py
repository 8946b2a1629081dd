"""The site file as read: every table's records, before they are checked against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zones.problem import Problem
from zones.sitefile_shapes import (
    TABLES,
    AmplifierKeys,
    CameraKeys,
    ExitKeys,
    GaugeKeys,
    GroupKeys,
    NetworkKeys,
    PathKeys,
    SiteKeys,
    SpeakerKeys,
    StreamKeys,
    ZoneKeys,
)
from zones.yaml_document import Listing, Node, Scalar, Table, read_document
from zones.yaml_kind import PATH, ValueProblem
from zones.yaml_shape import Field, Placed, Record, Shape, read_id

_SHAPES = {
    SiteKeys.NETWORKS.key: NetworkKeys.SHAPE,
    SiteKeys.PATHS.key: PathKeys.SHAPE,
    SiteKeys.AMPLIFIERS.key: AmplifierKeys.SHAPE,
    SiteKeys.SPEAKERS.key: SpeakerKeys.SHAPE,
    SiteKeys.EXITS.key: ExitKeys.SHAPE,
    SiteKeys.ZONES.key: ZoneKeys.SHAPE,
    SiteKeys.GROUPS.key: GroupKeys.SHAPE,
    SiteKeys.STREAMS.key: StreamKeys.SHAPE,
    SiteKeys.GAUGES.key: GaugeKeys.SHAPE,
    SiteKeys.CAMERAS.key: CameraKeys.SHAPE,
}
_DEFAULTS = {
    SiteKeys.AMPLIFIERS.key: SiteKeys.AMPLIFIER_DEFAULTS,
    SiteKeys.ZONES.key: SiteKeys.ZONE_DEFAULTS,
    SiteKeys.STREAMS.key: SiteKeys.STREAM_DEFAULTS,
    SiteKeys.CAMERAS.key: SiteKeys.CAMERA_DEFAULTS,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """The records of a site file; some may lack what could not be read."""

    top: Record
    tables: Mapping[str, Mapping[str, Record]] = field(default_factory=dict)

    def table(self, which: Field[Node]) -> Mapping[str, Record]:
        """The records of one table by name; empty if the table is not there."""
        return self.tables.get(which.key, {})


def read_draft(
    files: Mapping[str, str], main: str, unreadable: Mapping[str, str], problems: list[Problem]
) -> Draft | None:
    """Every record of the site; None if the main file holds no table at all."""
    document = read_document(files[main], main, problems)
    if document is None:
        return None
    top = SiteKeys.SHAPE.read(document, "", problems)
    tables = {}
    for which in TABLES:
        node = top.may(which)
        defaults = _defaults(top, which, problems)
        parts = () if node is None else _parts(node, which, files, unreadable, problems)
        tables[which.key] = _records(parts, _SHAPES[which.key], defaults, problems)
    return Draft(top, tables) if isinstance(document, Table) else None


def named_files(text: str, main: str) -> tuple[str, ...]:
    """The files that a site file's text names, relative to it; what is wrong is not told here."""
    document = read_document(text, main, [])
    if not isinstance(document, Table):
        return ()
    nodes = (document.value(which.key) for which in TABLES)
    found = {placed.value: None for node in nodes if node for placed in _file_names(node, "", [])}
    return tuple(found)


def _file_names(node: Node, subject: str, problems: list[Problem]) -> Iterator[Placed[str]]:
    for each in node.items if isinstance(node, Listing) else (node,):
        if not isinstance(each, Scalar):
            continue
        try:
            name = PATH.read(each.text)
        except ValueProblem as wrong:
            problems.append(each.place.problem(f"{subject}: {wrong.message}", wrong.hint))
            continue
        if name.endswith((".yaml", ".yml")):
            yield Placed(name, each.place)
        else:
            problems.append(
                each.place.problem(
                    f'{subject}: "{each.text}" is neither a table nor a .yaml file',
                    f"write {subject}: and its entries indented below",
                )
            )


def _parts(
    node: Node,
    which: Field[Node],
    files: Mapping[str, str],
    unreadable: Mapping[str, str],
    problems: list[Problem],
) -> Iterator[Table]:
    """The tables that make up one: written in place, or in the files named."""
    if isinstance(node, Table):
        yield node
        return
    if isinstance(node, Listing):
        problems.extend(
            item.place.problem(f"{which.key}: a list here must hold names of .yaml files")
            for item in node.items
            if not isinstance(item, Scalar)
        )
    for name in _file_names(node, which.key, problems):
        if name.value not in files:
            why = unreadable.get(name.value, "is not there")
            problems.append(name.place.problem(f'{which.key}: the file "{name.value}" {why}'))
            continue
        document = read_document(files[name.value], name.value, problems)
        if isinstance(document, Table):
            yield document
        elif document is not None:
            problems.append(document.place.problem(f"{which.key}: needs a table: name, then keys"))


def _defaults(top: Record, which: Field[Node], problems: list[Problem]) -> Record | None:
    field_of_defaults = _DEFAULTS.get(which.key)
    node = top.may(field_of_defaults) if field_of_defaults is not None else None
    if node is None or field_of_defaults is None:
        return None
    shape = _SHAPES[which.key].defaults()
    return Shape(field_of_defaults.key, shape.fields).read(node, "", problems)


def _records(
    parts: Iterator[Table] | tuple[()],
    shape: Shape,
    defaults: Record | None,
    problems: list[Problem],
) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for part in parts:
        for key, node in part.entries:
            name = read_id(key, shape.called, problems)
            if name in records:
                first = records[name].place
                problems.append(
                    key.place.problem(
                        f'{shape.called} "{name}" is there already, '
                        f"in {first.file} line {first.line}"
                    )
                )
                continue
            records[name] = shape.read(node, name, problems, place=key.place, defaults=defaults)
    return records
