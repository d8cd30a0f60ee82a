"""Deadlines (期限): months, hours and working days of the Chinese calendar.

Which days are off or worked instead the State Council decides anew each year. ``profiles/china/calendar.toml`` holds the years
whose notice was read, with its number; a zone's own ``calendar.toml`` gives further years or other days. Nothing is guessed:
a year without a table counts Monday to Friday, and each deadline that reaches into it says that its calendar is not verified.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

from jinyun.zone import ZoneError, profiles_dir
from jinyun.zone.reading import Written, parse, read_toml

FILE = "calendar.toml"
BEIJING = timezone(timedelta(hours=8), "UTC+8")
"""Civil time of all of China: days begin and end by it."""
NEXT_YEARS_FROM = (12, 25)
"""From this day on next year's notice may move days of this one, as that of 2019 did with 29 and 31 December 2018."""


class _Year(Written):
    """Days off and days worked instead of a year, and the notice that says so."""

    document: str = ""
    number: str = ""
    off: list[date] = []
    worked: list[date] = []


class _File(Written):
    year: dict[str, _Year]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off and days worked instead, and the years they are known for, each with the number of its notice."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    years: Mapping[int, str] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Return whether people work on ``day``."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def is_verified(self, first: date, last: date) -> bool:
        """Return whether every year has its table that says something of the days from ``first`` to ``last``."""
        end = last.year + ((last.month, last.day) >= NEXT_YEARS_FROM)
        return all(year in self.years for year in range(first.year, end + 1))


def load(folder: Path) -> Calendar:
    """Return the calendar of the profiles, with the years in a zone's folder in their place; raises ``ZoneError``."""
    years: dict[int, _Year] = {}
    for path in (profiles_dir() / "china" / FILE, folder / FILE):
        if path.exists():
            years |= _read(path)
    return Calendar(
        frozenset(day for year in years.values() for day in year.off),
        frozenset(day for year in years.values() for day in year.worked),
        {number: year.number for number, year in sorted(years.items())},
    )


def _read(path: Path) -> dict[int, _Year]:
    found: dict[int, _Year] = {}
    for name, year in parse(_File, read_toml(path), FILE).year.items():
        if not name.isdecimal():
            raise ZoneError([f"{FILE}: year.{name}: is no year"])
        for row in ("off", "worked"):
            for day in getattr(year, row):
                if str(day.year) != name:
                    raise ZoneError([f"{FILE}: year.{name}.{row}: {day.isoformat()} is no day of that year"])
        if both := set(year.off) & set(year.worked):
            raise ZoneError([f"{FILE}: year.{name}: {min(both).isoformat()} is off and worked"])
        found[int(name)] = year
    return found


def after_months(day: date, months: int) -> date:
    """Return the same day so many months later, the month's last day where it has none of that number."""
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def after_working_days(day: date, count: int, known: Calendar) -> date:
    """Return the ``count``-th working day after ``day``; the day itself does not count."""
    left = count
    while left > 0:
        day += timedelta(days=1)
        left -= known.is_working(day)
    return day


def end_of(day: date) -> datetime:
    """Return the last instant of a day in China, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING).astimezone(UTC)


def day_of(instant: datetime) -> date:
    """Return the day in China at an instant."""
    return instant.astimezone(BEIJING).date()
