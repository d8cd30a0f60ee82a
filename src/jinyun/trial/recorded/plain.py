"""The plain table (CSV) of a recorded drive: a row per participant and time, and rows of lights and stop lines.

================ ===================================================================================================
t_s or t_us      time, on any clock that all rows share
name (or id)     who; of a signal's rows, which signal
x_m, y_m         place in metres, or ``lon, lat`` in degrees (WGS-84)
h_rad            heading, counter-clockwise from east; or ``heading_deg``, clockwise from north; else from the places
v_mps            speed (or ``speed_mps``); else from the places
a_mps2           acceleration along the heading; else from the speed
kind             car, truck, bus, cyclist, pedestrian, object, ...; ``signal`` and ``stop line`` for those; or a number of
                 T/CSAE 53's ParticipantType
length_m width_m the box; else a usual one of the kind, which is noted
ahead_m          from the place to the box's middle (0: the place is the middle)
limit_mps        speed limit that holds there
state            of a signal: red, yellow, green; it holds until its next row
lamps, request   what the one judged showed and asked for (hazard; takeover, minimal risk, released)
simulated        1: simulated
================ ===================================================================================================

A stop line's row has its middle, the direction of who obeys it and its width. Columns of other names are let alone.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from jinyun.trial.fault import TrialError
from jinyun.trial.recorded.table import KINDS, OBSERVED, USUAL, StopLine, Table, Words, entity
from jinyun.zone import Projection

MOST_ROWS = 4_000_000
LINE_M = 4.0
"""Width of a stop line where none is told."""


def read(path: Path, project: Projection | None) -> Table:
    """Return a plain table; raises :class:`TrialError` naming row, column and reason."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.DictReader(file)
            head = set(reader.fieldnames or ())
            _complete(path.name, head)
            return _Reading(path.name, head, project).all(reader)
        except (csv.Error, UnicodeDecodeError) as error:
            raise TrialError(f"{path.name}: {error}") from None


def _complete(source: str, head: set[str]) -> None:
    for what, ways in (("a time", ({"t_s"}, {"t_us"})), ("a name", ({"name"}, {"id"})),
                       ("a place", ({"x_m", "y_m"}, {"lon", "lat"}))):  # fmt: skip
        if not any(way <= head for way in ways):
            told = " or ".join(", ".join(sorted(way)) for way in ways)
            raise TrialError(f"{source}: has no column of {what}: {told}")


class _Reading:
    """A file while it is read."""

    def __init__(self, source: str, head: set[str], project: Projection | None) -> None:
        self.source, self.head, self.project = source, head, project
        self.row = 1
        self.numbers: dict[str, int] = {}
        self.sizes: list[tuple[str, float, float, float]] = []
        self.who: list[int] = []
        self.rows: list[tuple[float, ...]] = []
        self.table = Table(source, [], np.empty(0, np.int64), {}, [])

    def all(self, reader: csv.DictReader[str]) -> Table:
        """Read all rows."""
        simulated = set()
        for row in reader:
            self.row += 1
            if self.row > MOST_ROWS:
                raise TrialError(f"{self.source}: more than {MOST_ROWS} rows")
            simulated.add((row.get("simulated") or "").strip())
            self._take({key: (value or "").strip() for key, value in row.items() if isinstance(value, str)})
        if not self.rows:
            raise TrialError(f"{self.source}: has no row of a participant")
        table = self.table
        table.simulated = None if "simulated" not in self.head else simulated <= {"1", "true"}
        table.names, table.who = list(self.numbers), np.array(self.who, np.int64)
        table.columns = dict(zip(OBSERVED, np.array(self.rows, np.float64).T, strict=True))
        for name, (kind, length, width, ahead) in zip(self.numbers, self.sizes, strict=True):
            body, assumed = entity(name, kind, length, width, ahead)
            table.bodies.append(body)
            if assumed:
                size = f"{body.length_m:g} x {body.width_m:g} m"
                table.notes.append(Words(f"{name}：未给出尺寸，按 {size} 计", f"{name}: no size told: {size} assumed"))
        table.lights.sort(key=lambda one: one[0])
        return table

    def _number(self, row: Mapping[str, str], *names: str) -> float:
        for name in names:
            text = row.get(name, "")
            if text:
                try:
                    return float(text)
                except ValueError:
                    raise TrialError(f"{self.source}: row {self.row}: {name}: {text[:40]!r} is no number") from None
        return math.nan

    def _time(self, row: Mapping[str, str]) -> float:
        t = self._number(row, "t_s")
        t = t if math.isfinite(t) else self._number(row, "t_us") / 1e6
        if not math.isfinite(t):
            raise TrialError(f"{self.source}: row {self.row}: has no time")
        return t

    def _kind(self, row: Mapping[str, str]) -> str:
        kind = row.get("kind", "").lower()
        if kind.isdecimal():
            kind = KINDS.get(int(kind), "?")
        if kind not in USUAL and kind not in ("signal", "stop line"):
            raise TrialError(
                f"{self.source}: row {self.row}: kind: {row.get('kind', '')[:40]!r} is none of {', '.join(USUAL)}"
            )
        return kind

    def _place(self, row: Mapping[str, str]) -> tuple[float, float]:
        x, y = self._number(row, "x_m"), self._number(row, "y_m")
        if math.isnan(x) or math.isnan(y):
            lon, lat = self._number(row, "lon"), self._number(row, "lat")
            if not (abs(lon) <= 180 and abs(lat) < 90):
                raise TrialError(f"{self.source}: row {self.row}: has no place")
            if self.project is None:
                self.project = Projection(lon, lat)
            east, north = self.project(lon, lat)
            x, y = float(east), float(north)
        if not (math.isfinite(x) and math.isfinite(y)):
            raise TrialError(f"{self.source}: row {self.row}: its place is no number")
        return x, y

    def _heading(self, row: Mapping[str, str]) -> float:
        h = self._number(row, "h_rad")
        return h if math.isfinite(h) else math.radians(90.0 - self._number(row, "heading_deg"))

    def _take(self, row: Mapping[str, str]) -> None:
        kind, name = self._kind(row), row.get("name") or row.get("id") or ""
        if not name:
            raise TrialError(f"{self.source}: row {self.row}: has no name")
        if kind == "signal":
            self.table.lights.append((self._time(row), name, row.get("state", "").lower()))
            return
        if kind == "stop line":
            x, y = self._place(row)
            width = self._number(row, "width_m")
            self.table.lines.append(StopLine(name, x, y, self._heading(row), width if width > 0 else LINE_M))
            return
        t, (x, y) = self._time(row), self._place(row)
        if (number := self.numbers.get(name)) is None:
            number = self.numbers[name] = len(self.numbers)
            sizes = (self._number(row, "length_m"), self._number(row, "width_m"), self._number(row, "ahead_m"))
            self.sizes.append((kind, *sizes))
        self.who.append(number)
        self.rows.append((
            t, x, y, self._heading(row), self._number(row, "v_mps", "speed_mps"), self._number(row, "a_mps2"),
            self._number(row, "limit_mps"),
        ))  # fmt: skip
        if row.get("lamps") or row.get("request"):
            self.table.commands.append((t, math.nan, math.nan, row.get("lamps", ""), row.get("request", "")))
