"""The report before the rainy season: is every loudspeaker heard, and what is still to be repaired?

Pure: rounds and faults in, facts and a page to print out. Korean and English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from broadcaster.watch.inspection import Inspection, Mark, Verdict
from zones.site import Site, Speaker

NOT_HEARD: Final = "not heard"
COLUMNS: Final = (*(verdict.value for verdict in Verdict), NOT_HEARD)
_WORDS: Final = {
    "good": "양호 good", "weak": "약함 weak", "dead": "무음 dead", "damaged": "파손 damaged",
    NOT_HEARD: "미점검 not heard",
}  # fmt: skip
_STYLE: Final = """
body { font: 11pt/1.4 sans-serif; margin: 2em; max-width: 60em }
table { border-collapse: collapse; width: 100%; margin: 1em 0 }
th, td { border: 1px solid #999; padding: .2em .5em; text-align: left; vertical-align: top }
td.n { text-align: right } td.bad { font-weight: bold; background: #fdd }
"""


@dataclass(frozen=True, slots=True)
class SeasonReport:
    """How the loudspeakers stand in the newest round, by zone, and all that is not in order."""

    site: str
    round: str
    begun: datetime
    made: datetime
    counts: Mapping[str, Mapping[str, int]]
    """How many speakers of each zone were found how; in the site's order."""
    defects: Sequence[tuple[Speaker, Mark]]
    faults: Sequence[Mapping[str, Any]] | None
    """Faults of amplifiers that are there; None when nobody could be asked."""

    @property
    def is_ready(self) -> bool:
        """Whether all was heard, nothing is dead or weak, and no amplifier has a fault."""
        all_heard = not any(each[NOT_HEARD] for each in self.counts.values())
        is_heard_well = all(mark.verdict is Verdict.DAMAGED for _, mark in self.defects)
        return all_heard and is_heard_well and self.faults == []

    def fields(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "site": self.site,
            "round": self.round,
            "begun_utc": self.begun.isoformat(),
            "made_utc": self.made.isoformat(),
            "ready": self.is_ready,
            "zones": {zone: dict(counts) for zone, counts in self.counts.items()},
            "defects": [
                {
                    "speaker": str(speaker.id), "zone": str(speaker.zone),
                    "distance_m": speaker.distance_m, "verdict": mark.verdict.value,
                    "note": mark.note, "photo": mark.photo, "at_utc": mark.at.isoformat(),
                }
                for speaker, mark in self.defects
            ],
            "faults": None if self.faults is None else [dict(each) for each in self.faults],
        }  # fmt: skip


def season_report(
    site: Site,
    inspection: Inspection,
    faults: Iterable[Mapping[str, Any]] | None,
    now: datetime,
) -> SeasonReport:
    """The report on the round that was begun last; raises InspectionError before the first."""
    current = inspection.current
    counts = {str(zone.id): Counter[str]() for zone in site.zones}
    for speaker in site.speakers:
        mark = current.marks.get(str(speaker.id))
        counts[str(speaker.zone)][NOT_HEARD if mark is None else mark.verdict.value] += 1
    whole = {zone: {name: each[name] for name in COLUMNS} for zone, each in counts.items()}
    there = None if faults is None else [each for each in faults if each["there"]]
    return SeasonReport(
        f"{site.name.ko} / {site.name.en}",
        *(current.name, current.begun, now, whole, inspection.defects(site), there),
    )


def page(report: SeasonReport, site: Site, photos: Mapping[str, str]) -> str:
    """The report as one HTML page to print; `photos` are data URLs by the name of the photo."""
    ready = "준비됨 READY" if report.is_ready else "아직 아님 NOT READY"
    rows = [_zone_row(str(zone.id), zone.name.ko, zone.name.en, report) for zone in site.zones]
    head = "".join(f"<th>{escape(_WORDS[name])}</th>" for name in COLUMNS)
    return "\n".join(
        [
            '<!doctype html><html lang="ko"><meta charset="utf-8">',
            f"<title>{escape(report.site)}: {escape(report.round)}</title>",
            f"<style>{_STYLE}</style>",
            "<h1>우기 전 점검 보고 / Report before the rainy season</h1>",
            f"<p>{escape(report.site)}<br>점검 round: {escape(report.round)}, "
            f"{report.begun:%Y-%m-%d}<br>작성 made: {report.made:%Y-%m-%d %H:%M} UTC</p>",
            f"<h2>{ready}</h2>",
            f"<table><tr><th>구역 zone</th>{head}</tr>{''.join(rows)}</table>",
            "<h2>스피커 결함 / Defects of loudspeakers</h2>",
            _table([_defect_row(*each, photos) for each in report.defects]),
            "<h2>앰프 고장 / Faults of amplifiers</h2>",
            _faults(report.faults),
            "</html>",
        ]
    )


def _zone_row(zone: str, ko: str, en: str, report: SeasonReport) -> str:
    cells = "".join(
        f'<td class="n{" bad" if count and name != "good" else ""}">{count}</td>'
        for name, count in report.counts[zone].items()
    )
    return f"<tr><td>{escape(ko)} {escape(en)}</td>{cells}</tr>"


def _defect_row(speaker: Speaker, mark: Mark, photos: Mapping[str, str]) -> str:
    picture = photos.get(mark.photo, "")
    image = f'<br><img width="240" src="{escape(picture)}" alt="">' if picture else ""
    return (
        f"<tr><td>{escape(speaker.id)}</td><td>{escape(speaker.zone)}</td>"
        f"<td>{speaker.distance_m:.0f} m</td><td>{escape(_WORDS[mark.verdict.value])}</td>"
        f"<td>{escape(mark.note)}{image}</td><td>{mark.at:%Y-%m-%d}</td></tr>"
    )


def _faults(faults: Sequence[Mapping[str, Any]] | None) -> str:
    if faults is None:
        return "<p>확인하지 못함 / nobody could be asked: the station does not run here</p>"
    return _table(
        [
            f"<tr><td>{escape(str(each['severity']))}</td>"
            f"<td>{escape(each['sentence']['ko'])}<br>{escape(each['sentence']['en'])}</td>"
            f"<td>{escape(str(each['since_utc'])[:10])}</td></tr>"
            for each in faults
        ]
    )


def _table(rows: Sequence[str]) -> str:
    return f"<table>{''.join(rows)}</table>" if rows else "<p>없음 / none</p>"
