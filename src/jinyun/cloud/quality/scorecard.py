"""The scorecard (感知质量评分): how well every roadside sender sees, continuously, judged by others and never by itself.

``take`` keeps a window's sightings; ``second`` pairs them, once a second, with cars that report themselves, with the
fusion's tracks and with what other senders see, and returns what stands. ``begin`` and ``go_on`` do the same in parts, one a
window, so that no message waits for all of it. The sums fade within minutes, so that a fault is found while it lasts and let
go when it is repaired. What is kept is bounded by the senders scored.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import field, figures, judgement, lean, pairing, references
from jinyun.cloud.quality import sensors as of
from jinyun.cloud.quality.judgement import RULES, Evidence
from jinyun.cloud.quality.rollups import Rollups
from jinyun.cloud.sources import Sources
from jinyun.cloud.tracking.table import LINK, Tracks
from jinyun.cloud.tracking.trust import blank
from jinyun.rows import joined, taken
from jinyun.shapes import SIGHTING, Finding
from jinyun.zone import Zone

MOST_SENDERS = 1024
"""Senders beyond these are not scored; they are counted."""
MOST_ROWS = 400_000
"""Sightings kept for one second's judging; what exceeds them is not judged."""
LAG_US = 600_000
"""Looks are judged when those that came later have had so long to arrive."""
MOST_SLOTS = 50
"""A pause longer than five seconds is leapt over."""
FADE_S, QUICK_S, LEAN_S = 240.0, 60.0, 150.0
"""Time constants of the sums that are judged, of those of the last minute, and of the offsets' equations."""
HISTORY = 240
"""Minutes whose values are remembered, to say since when."""
STAND_S = 15
"""A verdict must hold for so many seconds before it is told."""
GONE_US = 3_600_000_000
"""A sender that said nothing for so long leaves the scorecard."""
SINCE_SHARE = 0.4
"""A fault began when its value was so much of what it is when it is told."""
QUIET_US = 30_000_000
"""Of a sender silent for so long nothing is told here: that it is silent is told elsewhere."""


@dataclass(frozen=True)
class Verdict:
    """One fault of one sender: its rule (row of :data:`.judgement.RULES`), value, beginning and place in the work list."""

    rule: int
    device: str
    value: float
    detail: float
    since_us: int
    harm: float
    zh: str
    en: str

    @property
    def since(self) -> str:
        """When it began, as a clock shows it (UTC)."""
        return datetime.fromtimestamp(self.since_us / 1e6, UTC).strftime("%H:%M")

    def as_json(self) -> dict[str, Any]:
        values = {"value": round(self.value, 4), "since_us": self.since_us, "harm": self.harm}
        return {"rule": RULES[self.rule], "device": self.device, **values, "zh": self.zh, "en": self.en}


class Scorecard:
    """The scorecard of one zone; ``name_of`` gives a source row's name (``rsu/RSU-A5``)."""

    def __init__(self, zone: Zone, name_of: Callable[[int], str], folder: Path | None = None) -> None:
        """Begin with nothing known; rollups go to ``folder`` (see :mod:`.rollups`), nowhere without one."""
        self.zone, self._name_of = zone, name_of
        self._units = {f"rsu/{rsu.id}": rsu for rsu in zone.rsus}
        self._squeeze = float(np.cos(np.radians(zone.origin.lat)))
        self.rollups = Rollups(zone, folder)
        self.names: list[str] = []
        self.unscored = 0
        self.dropped = 0
        self.seconds = 0
        self._place_of: dict[int, int] = {}
        self._source = np.zeros(0, np.int64)
        self._own: list[NDArray[np.void]] = []
        self._road: list[NDArray[np.void]] = []
        self._kept = 0
        self._judging: Generator[None, None, list[Finding]] | None = None
        self._until_us = 0
        self._minute = self._first_us = 0
        self._previous = np.zeros((0, 3), np.uint64)
        self._links = np.zeros(0, LINK)
        self._grow(16)

    def _grow(self, size: int) -> None:
        """Make room for ``size`` senders, keeping what there is."""
        shapes: dict[str, tuple[tuple[int, ...], Any, Any]] = {
            "recent": ((size, len(of.COLUMNS)), np.float64, 0),
            "_lean": ((size, lean.TERMS), np.float64, 0),
            "_quick": ((size, len(of.COLUMNS)), np.float64, 0),
            "histograms": ((size, len(of.MEASURES), of.BINS), np.float64, 0),
            "masts": ((size, 2), np.float64, np.nan),
            "_field": ((size, field.CELLS**2, 2), np.float32, 0),
            "_heard_us": ((size,), np.int64, 0),
            "_held": ((size, len(RULES)), np.int32, 0),
            "_since_us": ((size, len(RULES)), np.int64, 0),
            "_history": ((size, HISTORY, len(RULES)), np.float32, np.nan),
        }
        for name, (shape, kind, empty) in shapes.items():
            fresh = np.full(shape, empty, kind)
            old = getattr(self, name, None)
            if old is not None:
                fresh[: len(old)] = old
            setattr(self, name, fresh)

    recent: NDArray[np.float64]
    _quick: NDArray[np.float64]
    _lean: NDArray[np.float64]
    histograms: NDArray[np.float64]
    masts: NDArray[np.float64]
    _field: NDArray[np.float32]
    _heard_us: NDArray[np.int64]
    _held: NDArray[np.int32]
    _since_us: NDArray[np.int64]
    _history: NDArray[np.float32]
    _judged: judgement.Verdicts

    def take(self, sightings: NDArray[np.void]) -> None:
        """Keep one window's SIGHTING rows, as they were decoded, until they are judged."""
        room = MOST_ROWS - self._kept
        self.dropped += max(0, len(sightings) - room)
        if len(sightings) and room > 0:
            sightings = sightings[:room]
            own = of.by_itself(sightings)
            self._own.append(taken(sightings, own))
            self._road.append(taken(sightings, ~own))
            self._kept += len(sightings)

    def forget(self, source: int) -> None:
        """Let go of a source row that another sender may get."""
        self._place_of.pop(source, None)

    def second(self, tracks: Tracks, sources: Sources | None, now_us: int) -> list[Finding]:
        """Judge what was so up to :data:`LAG_US` ago and return what stands (each verdict once a second).

        ``tracks`` is the fusion's table as it is now, ``sources`` the decoder's (its clock corrections).
        """
        found = self.begin(tracks, sources, now_us)
        while self._judging is not None:
            found += self.go_on()
        return found

    def begin(self, tracks: Tracks, sources: Sources | None, now_us: int) -> list[Finding]:
        """Begin a second's judging, arguments as of :meth:`second`; return what one that was not at its end found."""
        found = []
        while self._judging is not None:
            found += self.go_on()
        self._judging = self._in_parts(tracks, sources, now_us)
        return found

    def go_on(self) -> list[Finding]:
        """Do the next part of the judging that was begun; return what stands where that was the last."""
        if self._judging is None:
            return []
        try:
            next(self._judging)
        except StopIteration as ended:
            self._judging = None
            found: list[Finding] = ended.value
            return found
        return []

    def _in_parts(self, tracks: Tracks, sources: Sources | None, now_us: int) -> Generator[None, None, list[Finding]]:
        """Judge a second; a pause between two parts is where other work may be done."""
        until_us = (now_us - LAG_US) // references.SLOT_US * references.SLOT_US
        from_us = self._until_us
        if not until_us - MOST_SLOTS * references.SLOT_US <= from_us < until_us:
            if from_us == until_us:
                return []
            from_us = until_us - min(MOST_SLOTS, 10) * references.SLOT_US
        self._until_us = until_us
        self._first_us = self._first_us or from_us
        road = joined(self._road, SIGHTING)
        over = road["event_us"] <= until_us
        self._road = [taken(road, ~over)]
        road = taken(road, over)
        self._enter(road, now_us)
        yield
        sums = np.zeros_like(self.recent)
        fresh_bins = np.zeros_like(self.histograms)
        known = np.array(
            [self._place_of.get(row, -1) for row in range(int(road["source"].max()) + 1 if len(road) else 0)], np.int64
        )
        sender = known[road["source"]]
        late = road["event_us"] <= from_us
        np.add.at(sums[:, of.LATE], sender[late & (sender >= 0)], 1)
        good = ~late & (sender >= 0)
        road, sender = taken(road, good), sender[good]
        keys = ("event_us", "participant", "source")
        order = np.lexsort(tuple(np.ascontiguousarray(road[name]) for name in keys))
        road, sender = taken(road, order), sender[order]
        slots = int((until_us - from_us) // references.SLOT_US)
        yield
        own = joined(self._own, SIGHTING)
        self._own = [taken(own, own["event_us"] > until_us - 3 * references.SLOT_US)]
        self._kept = sum(len(rows) for rows in (*self._own, *self._road))
        yield
        refs, cars = references.at_slots(own, from_us, slots)
        yield
        yield from self._count(road, sender, refs, cars, tracks, from_us, slots, sums, fresh_bins)
        self._learn(sums, fresh_bins, slots / 10)
        yield
        found = self._judge(tracks, sources, now_us)
        self._close_minute(now_us)
        return found

    def _enter(self, road: NDArray[np.void], now_us: int) -> None:
        """Give each new roadside sender a place in the table, and note who was heard."""
        for row in np.unique(road["source"]).tolist():
            place = self._place_of.get(row)
            if place is None:
                name = self._name_of(row)
                place = self.names.index(name) if name in self.names else self._free(now_us)
                if place < 0:
                    self.unscored += 1
                    continue
                if place == len(self.names):
                    self.names.append(name)
                    self._source = np.append(self._source, row)
                    if place >= len(self.recent):
                        self._grow(min(2 * place, MOST_SENDERS))
                elif self.names[place] != name:
                    self._begin(place, name)
                self._source[place] = row
                self._place_of[row] = place
                unit = self._units.get(name)
                if unit is not None:
                    self.masts[place] = unit.x_m, unit.y_m
                elif np.isnan(self.masts[place, 0]):
                    mine = road[road["source"] == row]  # a field is learnt about the middle of what it saw first
                    self.masts[place] = np.median(mine["x_m"]), np.median(mine["y_m"])
            self._heard_us[place] = now_us

    def _free(self, now_us: int) -> int:
        """Return a place for a new sender: the next, else that of one long silent, else -1."""
        if len(self.names) < MOST_SENDERS:
            return len(self.names)
        oldest = int(self._heard_us.argmin())
        return oldest if now_us - self._heard_us[oldest] > GONE_US else -1

    def _begin(self, place: int, name: str) -> None:
        self.names[place] = name
        self._place_of = {row: at for row, at in self._place_of.items() if at != place}
        for column in (self.recent, self._quick, self._lean, self.histograms, self._field, self._held, self._since_us):
            column[place] = 0
        self.masts[place] = self._history[place] = np.nan
        self.rollups.clear(place)

    def _count(
        self, road: NDArray[np.void], sender: NDArray[np.int64], refs: NDArray[np.void], cars: NDArray[np.uint64],
        tracks: Tracks, from_us: int, slots: int, sums: NDArray[np.float64], bins: NDArray[np.float64],
    ) -> Generator[None, None, None]:  # fmt: skip
        """Add one second's looks (ordered by source, participant, event) to ``sums`` and ``bins``."""
        n = len(sums)
        heads, following = references.chained(refs["slot"], refs["x_m"], refs["y_m"])
        objects = of.groups(road, sender)
        of.themselves(road, objects, sums)
        links = tracks.links[tracks.rows["alive"] & tracks.rows["confirmed"]].ravel()
        links = links[links["last_us"] != 0]
        of.confirmed(np.concatenate([links, self._links]), objects, sums)  # a number may have been given up since
        self._links = links
        of.matched(road, objects, self.masts, self._squeeze, refs, heads, following, from_us, sums)
        yield
        found, apart = references.pair(road, refs, heads, following, from_us)
        yield
        awake = np.bincount(sender, minlength=n) > 0
        yield from self._pairs(road, sender, refs, cars, found, apart, awake, sums, bins)
        scans = np.unique(sender << np.int64(32) | (road["event_us"] - from_us))  # of a second: less than 32 bits
        sums[:, of.SCANS] += np.bincount(scans >> np.int64(32), minlength=n)
        sums[:, of.SECONDS] += awake * slots / 10
        field.watched(road, objects, awake, self.masts, self._field, sums)
        of.histogram(bins, sender, of.DELAY, (road["receive_us"] - road["event_us"]) / 1000)

    def _pairs(
        self, road: NDArray[np.void], sender: NDArray[np.int64], refs: NDArray[np.void], cars: NDArray[np.uint64],
        found: NDArray[np.int64], apart: NDArray[np.float64], awake: NDArray[np.bool_], sums: NDArray[np.float64],
        bins: NDArray[np.float64],
    ) -> Generator[None, None, None]:  # fmt: skip
        """Count what looks and cars that are each other's nearest say of misses, errors and numbers."""
        n = len(sums)
        at = np.flatnonzero(found >= 0)
        order = np.lexsort((apart[at], found[at], sender[at]))
        at = at[order]
        first = np.ones(len(at), np.bool_)
        first[1:] = (np.diff(found[at]) != 0) | (np.diff(sender[at]) != 0)
        at = at[first]
        who, ref, look = sender[at], refs[found[at]], road[at]
        sums[:, of.PAIRS] += np.bincount(who, minlength=n)
        of.histogram(bins, who, of.POSITION, apart[at])
        of.histogram(bins, who, of.SPEED, np.abs(look["speed_mps"] - ref["speed_mps"]))
        turned = np.degrees(np.abs((look["heading_rad"] - ref["heading_rad"] + np.pi) % (2 * np.pi) - np.pi))
        of.histogram(bins, who, of.HEADING, np.where(ref["speed_mps"] >= of.MOVING_MPS, turned, np.nan))
        of.histogram(bins, who, of.SIZE, np.abs(look["length_m"] - ref["length_m"]))
        yield
        # One car with one sender through the second: how many looks between its first and last are missing.
        order = np.lexsort((look["event_us"], ref["car"], who))
        who, look, ref = who[order], look[order], ref[order]
        car, event, number = ref["car"], look["event_us"], look["participant"]
        new = np.ones(len(who), np.bool_)
        new[1:] = (np.diff(car) != 0) | (np.diff(who) != 0)
        starts = np.flatnonzero(new)
        ends = np.append(starts[1:], len(who)).astype(np.int64)[: len(starts)]
        counts = ends - starts
        sums[:, of.CAR_S] += np.bincount(who[starts], minlength=n)
        period = pairing.periods_us(event, who, starts, n)[who[starts]]
        trials = np.maximum(np.rint((event[ends - 1] - event[starts]) / period) - 1, 0)
        missed = np.clip(trials - np.maximum(counts - 2, 0), 0, trials)
        sums[:, of.TRIALS] += np.bincount(who[starts], trials, n)
        sums[:, of.MISSED] += np.bincount(who[starts], missed, n)
        whose = cars[car[starts]]
        pairing.changes(who, whose, number, starts, ends, self._previous, sums)
        self._previous = np.stack([who[starts].astype(np.uint64), whose, number[ends - 1]], axis=1)
        self._lean += pairing.leaning(look, ref, who, starts, counts, self.masts, n)
        yield
        seen = np.zeros((n, len(cars)), np.bool_)
        seen[who, car] = True
        places = np.full((len(cars), 2), np.nan)
        places[refs["car"], 0], places[refs["car"], 1] = refs["x_m"], refs["y_m"]
        there = np.isfinite(places[:, 0])
        field.field_of_view(places[there], seen[:, there], awake, self.masts, self._field, sums)

    def _learn(self, sums: NDArray[np.float64], bins: NDArray[np.float64], seconds: float) -> None:
        """Take one second into the fading sums and the running minute."""
        fade = float(np.exp(-seconds / FADE_S))
        self.recent = self.recent * fade + sums
        self._lean *= float(np.exp(-seconds / LEAN_S))
        self._quick = self._quick * float(np.exp(-seconds / QUICK_S)) + sums
        self.histograms = self.histograms * fade + bins
        self.rollups.add(sums, bins, seconds)
        self.seconds += 1

    def _close_minute(self, now_us: int) -> None:
        minute = now_us // 60_000_000
        if self._minute and minute != self._minute:
            self.rollups.close(self._minute * 60_000_000, now_us, self.names, self.told(now_us))
        if minute != self._minute:
            self._history[:, minute % HISTORY] = np.nan
        self._minute = minute
        self._history[:, minute % HISTORY] = self._judged.value.T

    def _evidence(self, tracks: Tracks, sources: Sources | None) -> Evidence:
        n = len(self.recent)
        trust, corrected = blank(n), np.zeros(n)
        for place, row in enumerate(self._source.tolist()):
            if row < len(tracks.trust) and self._place_of.get(row) == place:
                trust[place] = tracks.trust[row]
                corrected[place] = sources.offset_us(row) / 1e6 if sources is not None else 0.0
        return Evidence(self.recent, trust, self.masts, corrected, self._quick, *lean.solve(self._lean))

    def _judge(self, tracks: Tracks, sources: Sources | None, now_us: int) -> list[Finding]:
        """Judge the sums and return a Finding for each verdict that has held for :data:`STAND_S`."""
        judged = judgement.judge(self._evidence(tracks, sources), self.zone.profile, self._held.T >= STAND_S)
        quiet = now_us - self._heard_us > QUIET_US
        judged.stands[:, quiet] = False
        self._judged = judged
        self._held = np.where(judged.stands.T, np.minimum(self._held + 1, 1_000_000), 0).astype(np.int32)
        for place, rule in np.argwhere(self._held == STAND_S).tolist():
            self._since_us[place, rule] = self._began_us(place, rule, now_us)
        return [
            Finding(RULES[v.rule], v.device, "rsm", f"{v.en} since {v.since}", now_us, "fault")
            for v in self.standing(now_us)
        ]

    def _began_us(self, place: int, rule: int, now_us: int) -> int:
        """Return when the value began to be at least half of what it is now, to the minute, as far as is remembered."""
        least = SINCE_SHARE * float(self._judged.value[rule, place])
        minute = now_us // 60_000_000
        back = 1
        while back < HISTORY and self._history[place, (minute - back) % HISTORY, rule] >= least:
            back += 1
        return max((minute - back + 1) * 60_000_000, self._first_us) if back > 1 else now_us - STAND_S * 1_000_000

    def standing(self, now_us: int) -> list[Verdict]:
        """Return the verdicts that stand, the worst first: the work list."""
        found = []
        for place, rule in np.argwhere(self._held[: len(self.names)] >= STAND_S).tolist():
            value, detail = float(self._judged.value[rule, place]), float(self._judged.detail[rule, place])
            zh, en = judgement.words(rule, value, detail)
            objects = float(self.recent[place, of.OBJECTS]) / max(float(self.recent[place, of.SECONDS]), 1.0)
            since_us = int(self._since_us[place, rule])
            harm = round(float(judgement.HARM[rule]) * objects, 1)
            found.append(Verdict(rule, self.names[place], value, detail, since_us, harm, zh, en))
        return sorted(found, key=lambda v: (-v.harm, v.device, v.rule))

    def told(self, now_us: int) -> dict[str, Any]:
        """Return the scorecard as it stands (``docs/quality.md``): senders, sites, and the ranked work list."""
        return {
            "t_us": now_us,
            "zone": self.zone.id,
            "profile": self.zone.profile.id,
            "window_s": FADE_S,
            "unscored": self.unscored,
            "not_judged": self.dropped,
            "devices": figures.of_senders(self.names, self.recent, self.histograms, self.zone),
            "sites": figures.of_sites(self.names, self.recent, self.histograms, self.zone),
            "work": [v.as_json() for v in self.standing(now_us)],
        }
