"""Public holidays by country, lunar ones worked out, and a station's own.

`holidays` (python-holidays) knows the Korean ones with their substitute days; a list of the
station's own adds to them or takes some away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache


class HolidayError(ValueError):
    """A country whose holidays are not known."""


def holidays_of(country: str, years: Iterable[int]) -> Mapping[dt.date, str]:
    """The holidays of these years, each with its name in the country's own language.

    Args:
        country: ISO 3166-1 alpha-2, such as KR; an empty one has none.
        years: as the calendar counts them.

    Raises:
        HolidayError: nothing is known of that country.
    """
    if not country:
        return {}
    found: dict[dt.date, str] = {}
    for year in sorted(set(years)):
        found |= _of_year(country.upper(), year)
    return found


@lru_cache(maxsize=256)
def _of_year(country: str, year: int) -> Mapping[dt.date, str]:
    import holidays  # a large package: a station without a country starts without it

    try:
        return dict(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise HolidayError(
            f'the holidays of "{country}" are not known; write KR, or list days of your own'
        ) from None
