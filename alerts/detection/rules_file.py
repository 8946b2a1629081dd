"""The rules file: text in, `Rules` out, or every problem at once with line and column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from alerts.detection.event import UNITS, Kind, SourceId
from alerts.detection.rules import (
    Authority,
    Condition,
    Confidence,
    Extend,
    Policy,
    Reaches,
    Rise,
    Rule,
    Rules,
    Threshold,
)
from alerts.detection.rules_check import impossible
from alerts.detection.rules_shapes import (
    SOURCE_KIND,
    AuthorityKeys,
    BoundsKeys,
    HazardKeys,
    Measure,
    RuleKeys,
    SourceKeys,
    TopKeys,
)
from alerts.detection.source import Source, Sources, sources_of
from alerts.hazard import HazardId
from alerts.life_cycle import OnTimeout
from zones.bus import ZoneId
from zones.problem import Problem
from zones.site import Evidence, Name, Site, UnknownNameError
from zones.sitefile_shapes import NAME_EN, NAME_KO
from zones.yaml_document import Node, Table, read_document
from zones.yaml_kind import ID, ValueProblem, did_you_mean
from zones.yaml_kind import Kind as ValueKind
from zones.yaml_shape import Field, Placed, Record, Shape

_CONDITIONS = (RuleKeys.CONFIDENCE, RuleKeys.VALUE, RuleKeys.RISE, RuleKeys.REACHES)


class RulesError(Exception):
    """A rules file that can't be used: every problem, in the order of lines."""

    def __init__(self, problems: Iterable[Problem], text: str) -> None:
        self.problems = tuple(problems)
        self._text = text
        super().__init__("\n".join(map(str, self.problems)))

    def rendered(self) -> str:
        """Every problem with its line and a caret."""
        return "\n".join(problem.rendered(self._text) for problem in self.problems)


def parse_rules(text: str, file: str, site: Site, hazards: Collection[str] | None = None) -> Rules:
    """The rules that a file's text states for a site.

    `hazards` are those there are messages for; None if they aren't checked.

    Raises:
        RulesError: with every problem there is. Warnings are kept in `Rules.warnings`.
    """
    reader = _Reader(site, hazards)
    rules = reader.read(text, file)
    wrong = [problem for problem in reader.problems if not problem.is_warning]
    if wrong or rules is None:
        raise RulesError(sorted(set(wrong)), text)
    return replace(rules, warnings=tuple(sorted(set(reader.problems))))


class _Reader:
    """Reads one file."""

    def __init__(self, site: Site, hazards: Collection[str] | None) -> None:
        self.problems: list[Problem] = []
        self._site = site
        self._hazards = hazards

    def read(self, text: str, file: str) -> Rules | None:
        document = read_document(text, file, self.problems)
        if document is None:
            return None
        top = TopKeys.SHAPE.read(document, "", self.problems)
        sources = self._sources(top)
        policies = tuple(self._policies(top))
        rules = tuple(self._rules(top, sources))
        authority = _authority(top.may(TopKeys.AUTHORISED))
        if authority is None and not top.has(TopKeys.AUTHORISED):
            self._ask_who_authorised(top, rules)
        return Rules(rules, policies, sources, self._geocodes(top), authority)

    def _ask_who_authorised(self, top: Record, rules: tuple[Rule, ...]) -> None:
        alone = [rule.id for rule in rules if rule.is_automatic]
        if alone:
            self.problems.append(
                top.place.warning(
                    f"nobody is named who authorised that {_listed(alone)} may sound without a "
                    "person",
                    "add authorised: {name: ..., office: ..., date: ...}",
                )
            )

    # --- sources ---

    def _sources(self, top: Record) -> Sources:
        found = dict(sources_of(self._site))
        self._refuse_shared_names(top)
        for name, record in self._table(top.may(TopKeys.SOURCES), SourceKeys.SHAPE, SOURCE_KIND):
            source = SourceId(name)
            known = found.get(source)
            if known is None:
                for field in (SourceKeys.NAME, SourceKeys.KINDS, SourceKeys.EVIDENCE):
                    if not record.has(field):
                        self.problems.append(
                            record.place.problem(
                                f'{record.subject}: lacks "{field.key}"',
                                "a source that is neither camera nor gauge of the site needs it",
                            )
                        )
                known = Source(source, Name(name, name), Evidence.STATE)
            found[source] = self._source(known, record)
        return Sources(found.values())

    def _refuse_shared_names(self, top: Record) -> None:
        shared = {str(c.id) for c in self._site.cameras} & {str(g.id) for g in self._site.gauges}
        for name in sorted(shared):
            self.problems.append(
                top.place.problem(
                    f'the site has a camera and a gauge called "{name}"; events need one name',
                    "rename one of them in the site file",
                )
            )

    def _source(self, known: Source, record: Record) -> Source:
        name, zones = record.may(SourceKeys.NAME), record.may(SourceKeys.ZONES)
        kinds, period = record.may(SourceKeys.KINDS), record.may(SourceKeys.PERIOD)
        evidence = record.may(SourceKeys.EVIDENCE) or known.evidence
        if evidence is Evidence.SAMPLE and not (period or known.period_s):
            self.problems.append(
                record.place.problem(f'{record.subject}: lacks "period"; a sample source has one')
            )
        delay, heartbeat = record.may(SourceKeys.DELAY), record.may(SourceKeys.HEARTBEAT)
        return replace(
            known,
            name=Name(name.must(NAME_KO), name.must(NAME_EN)) if name is not None else known.name,
            kinds=frozenset(kinds) if kinds is not None else known.kinds,
            evidence=evidence,
            period_s=known.period_s if period is None else period,
            delay_s=known.delay_s if delay is None else delay,
            heartbeat_s=known.heartbeat_s if heartbeat is None else heartbeat,
            at=record.may(SourceKeys.AT) or known.at,
            zones=self._zones(record, SourceKeys.ZONES, zones) if zones else known.zones,
            gateway=record.may(SourceKeys.GATEWAY) or known.gateway,
            may_evacuate=record.may(SourceKeys.MAY_EVACUATE) or False,
        )

    def _zones(
        self, record: Record, field: Field[tuple[Placed[str], ...]], names: tuple[Placed[str], ...]
    ) -> tuple[ZoneId, ...]:
        known = {*map(str, (z.id for z in self._site.zones))}
        known |= {str(group.id) for group in self._site.groups}
        for name in names:
            if name.value not in known:
                self.problems.append(
                    name.place.problem(
                        f'{record.subject}: zones: no zone or group "{name.value}"',
                        did_you_mean(name.value, known),
                    )
                )
        right = [name.value for name in names if name.value in known]
        return self._site.zones_named(right)

    def _geocodes(self, top: Record) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found = []
        for code, names in top.may(TopKeys.GEOCODES) or ():
            try:
                self._site.zones_named(name.value for name in names)
            except UnknownNameError as error:
                self.problems.append(code.place.problem(f'geocodes: "{code.value}": {error}'))
            found.append((code.value, tuple(name.value for name in names)))
        return tuple(found)

    # --- hazards ---

    def _policies(self, top: Record) -> Iterator[Policy]:
        for name, record in self._table(top.may(TopKeys.HAZARDS), HazardKeys.SHAPE, ID):
            self._check_hazard(record, name)
            given = Policy(HazardId(name))
            merge_m, merge_s = record.may(HazardKeys.MERGE_WITHIN), record.may(HazardKeys.MERGE_FOR)
            quiet, cooldown = record.may(HazardKeys.QUIET), record.may(HazardKeys.COOLDOWN)
            yield Policy(
                hazard=given.hazard,
                extend=record.may(HazardKeys.EXTEND) or Extend.NONE,
                merge_m=given.merge_m if merge_m is None else merge_m,
                merge_s=given.merge_s if merge_s is None else merge_s,
                quiet_s=given.quiet_s if quiet is None else quiet,
                cooldown_s=given.cooldown_s if cooldown is None else cooldown,
                needs_person_to_clear=not record.may(HazardKeys.CLEARS_ALONE),
            )

    def _check_hazard(self, record: Record, hazard: str) -> None:
        if self._hazards is not None and hazard not in self._hazards:
            self.problems.append(
                record.place.warning(
                    f'{record.subject}: no message names hazard "{hazard}"; the generic one is '
                    "spoken",
                    did_you_mean(hazard, self._hazards),
                )
            )

    # --- rules ---

    def _rules(self, top: Record, sources: Sources) -> Iterator[Rule]:
        is_for_any = top.may(TopKeys.FOR_ANY_SITE) or False
        for name, record in self._table(top.may(TopKeys.RULES), RuleKeys.SHAPE, ID):
            rule = self._rule(name, record, sources) if record.is_whole else None
            if rule is None:
                continue
            fitting = self._fitting(rule, record, sources, is_for_any)
            if fitting is None:
                continue
            rule = fitting
            if not any(rule.is_for(source) for source in sources) and not _by_hand(rule):
                kinds = ", ".join(sorted(kind.value for kind in rule.kinds))
                self.problems.append(
                    record.place.warning(f"{record.subject}: no source reports {kinds}")
                )
            yield rule

    def _fitting(
        self, rule: Rule, record: Record, sources: Sources, is_for_any: bool
    ) -> Rule | None:
        """The rule; in rules for any site less the sources that can't meet it, if others can."""
        while cannot := list(impossible(rule, sources)):
            for each in cannot:
                said = f"{record.subject}: {each.sentence}"
                self.problems.append(
                    record.place.warning(f"{said}; left out")
                    if is_for_any
                    else record.place.problem(said)
                )
            if not is_for_any:
                return rule
            hopeless = {each.source.id for each in cannot if each.source is not None}
            looked_at = {source.id for source in sources if rule.is_for(source)}
            if not hopeless or hopeless == looked_at:
                return None
            rule = replace(rule, sources=frozenset(looked_at - hopeless))
        return rule

    def _rule(self, name: str, record: Record, sources: Sources) -> Rule | None:
        before = len(self.problems)
        kinds = frozenset(record.must(RuleKeys.KINDS))
        condition = self._condition(record, kinds)
        hazard = record.must(RuleKeys.HAZARD)
        self._check_hazard(record, hazard.value)
        named = record.may(RuleKeys.SOURCES) or ()
        for each in named:
            if each.value not in sources:
                message = f'{record.subject}: sources: no source "{each.value}"'
                hint = did_you_mean(each.value, [str(source.id) for source in sources])
                self.problems.append(each.place.problem(message, hint))
        if condition is None or (len(self.problems) > before and self._is_wrong(before)):
            return None
        apart, within = record.may(RuleKeys.APART), record.may(RuleKeys.WITHIN)
        return Rule(
            id=name,
            hazard=HazardId(hazard.value),
            kinds=kinds,
            condition=condition,
            level=record.must(RuleKeys.LEVEL),
            sources=frozenset(each.value for each in named),
            count=record.may(RuleKeys.COUNT) or 1,
            within_s=300.0 if within is None else within,
            held_s=record.may(RuleKeys.HELD),
            least_quality=record.may(RuleKeys.QUALITY) or 0.0,
            needs=record.may(RuleKeys.NEEDS) or 1,
            apart_m=100.0 if apart is None else apart,
            window_s=record.may(RuleKeys.WINDOW) or 0.0,
            on_timeout=record.may(RuleKeys.ON_TIMEOUT) or OnTimeout.AIR,
        )

    def _is_wrong(self, since: int) -> bool:
        return any(not problem.is_warning for problem in self.problems[since:])

    def _condition(self, record: Record, kinds: frozenset[Kind]) -> Condition | None:
        given = [field for field in _CONDITIONS if record.has(field)]
        if len(given) != 1:
            said = "has " + (" and ".join(field.key for field in given) if given else "none")
            self.problems.append(
                record.place.problem(
                    f"{record.subject}: needs one of confidence, value, rise and reaches; {said}",
                    "a second condition is a second rule" if given else "",
                )
            )
            return None
        bounds = record.must(given[0])
        if given[0] is RuleKeys.CONFIDENCE:
            return self._confidence(record, bounds)
        if given[0] is RuleKeys.VALUE:
            return self._threshold(record, bounds, kinds)
        within = bounds.must(BoundsKeys.WITHIN)
        if given[0] is RuleKeys.RISE:
            by = self._measure(record, given[0], bounds.must(BoundsKeys.BY), kinds)
            return None if by is None else Rise(by, within)
        to = self._measure(record, given[0], bounds.must(BoundsKeys.TO), kinds)
        return None if to is None else Reaches(to, within)

    def _confidence(self, record: Record, bounds: Record) -> Confidence | None:
        enter, leave = bounds.must(BoundsKeys.ENTER), bounds.may(BoundsKeys.EXIT)
        leave = round(0.8 * enter, 6) if leave is None else leave
        if leave > enter or (leave == enter and enter > 0):
            self._refuse_bounds(record, RuleKeys.CONFIDENCE, f"{enter:g}", f"{leave:g}")
            return None
        return Confidence(enter, leave)

    def _threshold(
        self, record: Record, bounds: Record, kinds: frozenset[Kind]
    ) -> Threshold | None:
        field = RuleKeys.VALUE
        enter = self._measure(record, field, bounds.must(BoundsKeys.VALUE_ENTER), kinds)
        leave = self._measure(record, field, bounds.must(BoundsKeys.VALUE_EXIT), kinds)
        if enter is None or leave is None:
            return None
        if leave >= enter:
            self._refuse_bounds(record, field, f"{enter:g}", f"{leave:g}")
            return None
        return Threshold(enter, leave)

    def _refuse_bounds(self, record: Record, field: Field[Record], enter: str, leave: str) -> None:
        self.problems.append(
            record.problem(
                field,
                f"{field.key}: is over below {leave} but begins at {enter}",
                "exit must be lower than enter, or it flaps",
            )
        )

    def _measure(
        self, record: Record, field: Field[Record], measure: Measure, kinds: frozenset[Kind]
    ) -> float | None:
        """A value in the unit its kind is kept in."""
        number, unit = measure
        for kind in sorted(kinds, key=lambda each: each.value):
            factors = UNITS.get(kind, {})
            if unit not in factors:
                known = " or ".join(factors)
                wanted = f"is measured in {known}" if known else "is not measured"
                self.problems.append(
                    record.problem(field, f'{field.key}: "{unit}": {kind.value} {wanted}')
                )
                return None
        return round(number * UNITS[next(iter(kinds))][unit], 9)

    # --- tables ---

    def _table(
        self, node: Node | None, shape: Shape, names: ValueKind[str] | ValueKind[SourceId]
    ) -> Iterator[tuple[str, Record]]:
        if node is None:
            return
        if not isinstance(node, Table):
            self.problems.append(node.place.problem(f"{shape.called}: needs a table"))
            return
        for key, value in node.entries:
            try:
                name = names.read(key.text)
            except ValueProblem as wrong:
                message = f"{shape.called}: {wrong.message}"
                self.problems.append(key.place.problem(message, wrong.hint))
                continue
            yield name, shape.read(value, name, self.problems, place=key.place)


def _by_hand(rule: Rule) -> bool:
    return Kind.MANUAL in rule.kinds


def _authority(record: Record | None) -> Authority | None:
    if record is None:
        return None
    return Authority(
        record.must(AuthorityKeys.NAME),
        record.must(AuthorityKeys.OFFICE),
        record.must(AuthorityKeys.DATE),
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
