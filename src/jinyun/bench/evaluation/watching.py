"""One street and several clouds that watch it (一街多云): its truth, and what each cloud advised whom.

The street runs once, with deeds staged on it (:mod:`jinyun.world.staging`); the bytes of all cars and of the roadside in each
weather are encoded once. Every variant is a cloud of its own that hears the roadside of its weather and the share of the
cars that is connected in it: decoder, fusion, lanes, prediction and applications as they run live. Simulated, all of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.lives import Lives, Recorder
from jinyun.bench.evaluation.posting import Place, post
from jinyun.cloud import twin
from jinyun.cloud.advising import Advising
from jinyun.cloud.apps import CATALOGUE
from jinyun.cloud.decode import Decoder
from jinyun.cloud.prediction import Roadway, roadway
from jinyun.cloud.sources import Source
from jinyun.cloud.window import Decoded
from jinyun.hdmap import Map
from jinyun.net.block import Arrival, Block
from jinyun.shapes import SEEN_BY_ITSELF, Kind
from jinyun.world import cars
from jinyun.world.clock import Clock
from jinyun.world.offline import EPOCH_US, NETWORK_S
from jinyun.world.roadside import Roadside
from jinyun.world.sending import Message
from jinyun.world.signals import Signals
from jinyun.world.staging import KINDS, Deed, Staging
from jinyun.world.street import STEP_S, Snapshot, Street
from jinyun.zone import Zone

NEAR_M = 3.0
"""A track stands for the participant of its kind that is so near."""
SEEN_EVERY = 5
"""Frames between two looks at who could be seen."""
TOLD_EVERY = 200
SAID = np.dtype(
    [
        ("application", np.uint8), ("receiver", np.int64), ("about", np.int64), ("unit", np.int16), ("place", np.int32),
        ("urgency", np.uint8), ("open", np.int64), ("close", np.int64), ("x_m", np.float64), ("y_m", np.float64),
        ("after_s", np.float32), ("value", np.float32),
    ]
)  # fmt: skip
"""One episode of advice: receiver and subject as numbers of the truth (0 nobody, -1 nobody who is there), frames."""


class Variant(NamedTuple):
    """Under what conditions a cloud watches: the weather its roadside has and the share of cars that is connected."""

    weather: str
    share: float

    @property
    def name(self) -> str:
        """As it stands in figures: ``clear_30``."""
        return f"{self.weather}_{self.share * 100:.0f}"


@dataclass(slots=True)
class Watch:
    """One cloud at work, and the advice it has opened."""

    variant: Variant
    advising: Advising
    state: twin.State = field(default_factory=twin.State)
    said: list[NDArray[np.void]] = field(default_factory=list)
    at: dict[int, tuple[int, int]] = field(default_factory=dict)  # episode -> where it stands in said
    began_us: int = 0

    def step(self, frame: int, heard: Decoded, share: NDArray[np.float64], now: Snapshot, now_us: int) -> None:
        """Take what was heard, of cars only those connected here, and note the advice that opens and closes."""
        own = heard.sightings["by"] == SEEN_BY_ITSELF
        numbers = numbers_of(heard.sightings["vehicle_id"])
        sightings = heard.sightings[~own | (share[numbers] < self.variant.share)]
        reports = heard.reports[share[numbers_of(heard.reports["vehicle_id"])] < self.variant.share]
        self.advising.take(sightings, reports, heard.road)
        shown = twin.step(self.state, sightings, heard.signals, now_us)
        self.advising.answer(self.advising.asked(shown), _nobody)
        turned = self.advising.turned
        assert turned is not None
        if len(turned.opened):
            rows = np.zeros(len(turned.opened), SAID)
            for name in ("application", "unit", "place", "urgency", "x_m", "y_m", "after_s", "value"):
                rows[name] = turned.opened[name]
            rows["open"], rows["close"] = frame, -1
            for name in ("receiver", "about"):
                rows[name] = whose(turned.opened[name], shown.tracks, now)
            for k, episode in enumerate(turned.opened["episode"].tolist()):
                self.at[episode] = (len(self.said), k)
            self.said.append(rows)
        for closed in turned.closed:
            where = self.at.pop(int(closed["episode"]), None)
            if where is not None:
                self.said[where[0]]["close"][where[1]] = frame - round((now_us - int(closed["last_us"])) / 1e5)

    def advice(self, frames: int) -> NDArray[np.void]:
        """Return all episodes, those still open closed at the end."""
        rows: NDArray[np.void] = np.concatenate(self.said) if self.said else np.empty(0, SAID)
        rows["close"] = np.where(rows["close"] < 0, frames, rows["close"])
        return rows


@dataclass(frozen=True)
class Watched:
    """A street and what was said on it."""

    seed: int
    map: Map
    lives: Lives
    lights: NDArray[np.uint8]  # (frames, groups): the light of every signal group
    deeds: list[Deed]
    begin_s: float  # simulated second of frame 0
    advice: dict[Variant, NDArray[np.void]]
    seen: dict[str, list[NDArray[np.int64]]]  # by weather, every SEEN_EVERY frames: numbers of who could be seen
    told: NDArray[np.bool_] | None = None  # by signal group: whether a roadside unit tells its light; None: all
    ids: tuple[str, ...] = tuple(about.id for about in CATALOGUE)  # of the applications, as ``application`` counts them
    places: dict[str, list[Place]] = field(default_factory=dict)  # what is posted, by application


class _FreeClock(Clock):
    """A clock that nobody waits for."""

    def __init__(self) -> None:
        self._monotonic_s, self._utc_us = 0.0, EPOCH_US


def watch(
    zone: Zone, map: Map, variants: Sequence[Variant], seconds: float, seed: int, per_minute: float,
    kinds: tuple[str, ...] = KINDS, only: Iterable[str] | None = None,
) -> Watched:  # fmt: skip
    """Run ``seconds`` of the street with deeds on it and the clouds that watch it; says how far it is on standard error."""
    zone, places = post(zone, map, seed)
    road, names = roadway(map), sorted({variant.weather for variant in variants})
    street = Street(zone, map, seed)
    try:
        watched = np.array([(rsu.x_m, rsu.y_m) for rsu in zone.rsus if rsu.sensors]).reshape(-1, 2)
        staging = Staging(street, map, seed, per_minute, kinds, watched)
        fleet, clock = cars.Cars(zone, 1.0, seed), _FreeClock()
        units = {name: Roadside(zone, map, seed, name) for name in names}
        decoders = {name: Decoder(zone.project) for name in names}
        watches = [_watch(zone, map, road, variant, only) for variant in variants]
        waiting: dict[str, list[Message]] = {name: [] for name in ("", *names)}
        recorder, lights, seen = Recorder(), _Lights(map), {name: list[NDArray[np.int64]]() for name in names}
        share, shown, begin_s, began = np.ones(1 << 16), [], 0.0, time.monotonic()
        lane_row = {str(id): row for row, id in enumerate(map.lanes["id"])}
        frames = round(seconds / STEP_S)
        for frame in range(frames):
            now = staging.step()
            begin_s = begin_s or now.time_s
            now_us = clock.utc_us(now.time_s)
            numbers = now.number.astype(np.int64)
            if numbers.max(initial=0) >= len(share):
                share = np.append(share, np.ones(len(share)))
            line = np.isin(now.classification, cars.LINE_CLASSES)
            own = np.where(now.kind != Kind.MOTOR, 1.0, np.where(line, 0.0, cars.shares(now.number, 1)))
            share[numbers] = own
            on = {
                int(id[1:]): lane_row.get(street.api.vehicle.getLaneID(id), -1) for id in street.api.vehicle.getIDList()
            }
            recorder.note(now, np.array([on.get(number, -1) for number in numbers.tolist()], np.int32), own)
            shown.append(lights.now(street))
            said = _due(waiting, "", now.time_s)
            for name in names:
                arrivals = sorted([*said, *_due(waiting, name, now.time_s)], key=lambda arrival: arrival.receive_us)
                if frame % SEEN_EVERY == 0:
                    seen[name].append(numbers[units[name].visible(now)])
                if arrivals:
                    heard = decoders[name].read(Block.of(arrivals))
                    for one in watches:
                        if one.variant.weather == name:
                            one.step(frame, heard, share, now, now_us)
            waiting[""] += fleet.messages(now, clock)
            for name in names:
                waiting[name] += units[name].messages(street, now, clock)
            if frame % TOLD_EVERY == TOLD_EVERY - 1:
                took = time.monotonic() - began
                text = f"seed {seed}: {(frame + 1) / 10:.0f} of {seconds:.0f} s of street in {took:.0f} s"
                print(f"{text}, {len(staging.deeds)} deeds", file=sys.stderr, flush=True)
    finally:
        street.close()
    advice = {one.variant: one.advice(frames) for one in watches}
    return Watched(
        seed, map, recorder.lives(), np.array(shown), staging.deeds, begin_s, advice, seen, told_groups(zone, map),
        places=places,
    )  # fmt: skip


def _nobody(row: int) -> Source | None:
    """Return no device: advice is counted where it opens, not where it is written down."""
    return None


def told_groups(zone: Zone, map: Map) -> NDArray[np.bool_]:
    """Return by signal group whether a roadside unit of the zone tells its light."""
    rows = [map.junction_row(rsu.junction) for rsu in zone.rsus if rsu.junction is not None]
    told: NDArray[np.bool_] = np.isin(map.groups["junction"], rows)
    return told


def _watch(zone: Zone, map: Map, road: Roadway, variant: Variant, only: Iterable[str] | None) -> Watch:
    advising = Advising(zone, map, road)
    if only is not None:
        wanted = set(only)
        advising.applications.rows = [row for row, about in enumerate(CATALOGUE) if about.id in wanted]
    return Watch(variant, advising)


def _due(waiting: dict[str, list[Message]], name: str, time_s: float) -> list[Arrival]:
    """Take out and return what has been received by ``time_s``, in the order of receipt."""
    at_s = time_s - NETWORK_S
    due = sorted((m for m in waiting[name] if m.due_s <= at_s), key=lambda message: message.due_s)
    waiting[name] = [m for m in waiting[name] if m.due_s > at_s]
    return [Arrival(EPOCH_US + round((m.due_s + NETWORK_S) * 1e6), m.topic.replace("/", "."), m.payload) for m in due]


def numbers_of(vehicle_id: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the truth's numbers of BSM ids (:func:`jinyun.world.cars.name_of`), 0 for those that are none."""
    number = np.zeros(len(vehicle_id), np.int64)
    for digit in range(7):
        number += ((vehicle_id >> np.uint64(8 * digit)) & np.uint64(0xFF)).astype(np.int64) % 48 * 10**digit
    return np.where(vehicle_id > 0, number, 0)


def whose(ids: NDArray[np.uint32], tracks: NDArray[np.void], now: Snapshot) -> NDArray[np.int64]:
    """Return whom tracks stand for: by its own id where it told one, else the nearest of its kind; -1 nobody, 0 for id 0."""
    found = np.where(ids > 0, -1, 0).astype(np.int64)
    order = np.argsort(tracks["id"])
    for k in np.flatnonzero(ids > 0).tolist():
        at = int(np.searchsorted(tracks["id"][order], ids[k]))
        if at >= len(order) or tracks["id"][order[at]] != ids[k]:
            continue
        track = tracks[order[at]]
        own = int(numbers_of(np.array([track["vehicle_id"]], np.uint64))[0])
        if own and (now.number == own).any():
            found[k] = own
            continue
        far = np.hypot(now.x_m - track["x_m"], now.y_m - track["y_m"])
        far[(now.kind != track["kind"]) & (track["kind"] != Kind.UNKNOWN)] = np.inf
        nearest = int(far.argmin())
        if far[nearest] < NEAR_M:
            found[k] = int(now.number[nearest])
    return found


class _Lights:
    """The lights of all signal groups of the map, as the controllers have them."""

    def __init__(self, map: Map) -> None:
        rows = [row for row in range(len(map.junctions["id"])) if map.junctions["steps"][row] > 0]
        self.programs, self.names = Signals(map, rows), [str(map.junctions["id"][row]) for row in rows]
        group = {
            (int(j), int(p)): k
            for k, (j, p) in enumerate(zip(map.groups["junction"], map.groups["phase"], strict=True))
        }
        self.row = np.array(
            [group[rows[j], int(p)] for j, p in zip(self.programs.junction.tolist(), self.programs.phase, strict=True)],
            np.int64,
        )
        self.groups = len(map.groups["phase"])

    def now(self, street: Street) -> NDArray[np.uint8]:
        """Return the light of every group (0 where there is none)."""
        told = self.programs.told(*street.signal_steps(self.names))
        shown: NDArray[Any] = np.zeros(self.groups, np.uint8)
        shown[self.row] = told.light
        return shown
