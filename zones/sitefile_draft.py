"""The site file as read: every table's records, before they are checked against each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

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
from zones.yaml_kind import ID, PATH, ValueProblem
from zones.yaml_shape import Field, Placed, Record

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
    """The records of a site file; some may lack what could not be read.

    `partial` names the tables of which some entry could not even be named; nothing may be said
    to be missing from those.
    """

    top: Record
    tables: Mapping[str, Mapping[str, Record]]
    partial: frozenset[str]

    def table(self, which: Field[Node]) -> Mapping[str, Record]:
        """The records of one table by name; empty if the table is not there."""
        return self.tables.get(which.key, {})

    def is_partial(self, *which: Field[Node]) -> bool:
        """Whether some entry of one of these tables could not even be named."""
        return any(each.key in self.partial for each in which)


def read_draft(
    files: Mapping[str, str], main: str, unreadable: Collection[str], problems: list[Problem]
) -> Draft | None:
    """Every record of the site; None if the main file holds no table at all."""
    document = read_document(files[main], main, problems)
    if document is None:
        return None
    top = SiteKeys.SHAPE.read(document, "", problems)
    if not isinstance(document, Table):
        return None
    tables: dict[str, Mapping[str, Record]] = {}
    partial: set[str] = set()
    for which in TABLES:
        reader = _TableReader(which, files, unreadable, problems)
        tables[which.key] = reader.records(top)
        if reader.is_partial or (document.is_partial and not top.has(which)):
            partial.add(which.key)
    return Draft(top, tables, frozenset(partial))


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


class _TableReader:
    """Reads one table of the site, from where it is written or from the files named for it."""

    def __init__(
        self,
        which: Field[Node],
        files: Mapping[str, str],
        unreadable: Collection[str],
        problems: list[Problem],
    ) -> None:
        self.is_partial = False
        self._which = which
        self._shape = _SHAPES[which.key]
        self._files = files
        self._unreadable = unreadable
        self._problems = problems

    def records(self, top: Record) -> dict[str, Record]:
        """Every record, by name."""
        node = top.may(self._which)
        defaults = self._defaults(top)
        if node is None:
            self.is_partial = top.has(self._which) or self._which.is_required
            return {}
        found: dict[str, Record] = {}
        for part in self._parts(node):
            self.is_partial |= part.is_partial
            for key, value in part.entries:
                self._add(found, key, value, defaults)
        return found

    def _add(
        self, found: dict[str, Record], key: Scalar, node: Node, defaults: Record | None
    ) -> None:
        try:
            ID.read(key.text)
        except ValueProblem as wrong:
            self._wrong(key, f"{self._shape.called}: {wrong.message}", wrong.hint)
            return
        if key.text in found:
            first = found[key.text].place
            self._wrong(
                key,
                f'{self._shape.called} "{key.text}" is there already, '
                f"in {first.file} line {first.line}",
            )
            return
        found[key.text] = self._shape.read(
            node, key.text, self._problems, place=key.place, defaults=defaults
        )

    def _defaults(self, top: Record) -> Record | None:
        which = _DEFAULTS.get(self._which.key)
        node = top.may(which) if which is not None else None
        if node is None or which is None:
            return None
        return self._shape.defaults(which.key).read(node, "", self._problems)

    def _parts(self, node: Node) -> Iterator[Table]:
        if isinstance(node, Table):
            yield node
            return
        if isinstance(node, Listing):
            for item in node.items:
                if not isinstance(item, Scalar):
                    self._wrong(item, f"{self._which.key}: a list must hold names of .yaml files")
            if not node.items:
                self._wrong(node, f"{self._which.key}: needs a table, or the names of files")
        before = len(self._problems)
        names = tuple(_file_names(node, self._which.key, self._problems))
        self.is_partial |= len(self._problems) > before
        for name in names:
            part = self._part(name)
            if part is None:
                self.is_partial = True
            else:
                yield part

    def _part(self, name: Placed[str]) -> Table | None:
        key = self._which.key
        if name.value not in self._files:
            if name.value not in self._unreadable:
                message = f'{key}: the file "{name.value}" is not there'
                self._problems.append(name.place.problem(message))
            return None
        document = read_document(self._files[name.value], name.value, self._problems)
        if document is None or isinstance(document, Table):
            return document
        self._problems.append(document.place.problem(f"{key}: needs a table: a name, then keys"))
        return None

    def _wrong(self, node: Node, message: str, hint: str = "") -> None:
        self._problems.append(node.place.problem(message, hint))
        self.is_partial = True
