"""SPAT against MAP: which layout of a junction holds for a station, and where lights and lanes do not fit together.

A station is held against the MAP that its own sender broadcasts, else against that of another sender, else against the
precise map of the zone. Where people cross, T/CSAE 53 gives no connection a phase, so the precise map's crossings count
beside every MAP. A changed MAP takes effect when it has settled, and only for what comes afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import conflict, lights, received
from jinyun.cloud.quality.broadcast import EVENT, FIRST, Broadcast
from jinyun.cloud.quality.conflict import Conflicts, conflicts
from jinyun.cloud.quality.layout import NO_PHASE, Ground, Node, Places, Way, of_message, remotes
from jinyun.cloud.quality.received import GONE_US, Key, ReceivedMaps, lacking
from jinyun.cloud.quality.stations import Stations, enlarged
from jinyun.cloud.quality.transitions import LAST, LIGHT, Transitions
from jinyun.zone import Projection

UNLIT_US = 1_000_000
"""A phase that was not told for so long while its station spoke is missing."""
ALIVE_US = 2_000_000
SETTLING_US = 10_000_000
"""A station that is new, or whose layout is, is judged after this long: its MAP may still be on its way."""
CONTRADICTION_US = 500_000
"""Two senders' lights that differ for longer are not the same light told at two instants."""

Told = tuple[int, int, str, str, str]
"""Station, phase (-1 the junction as a whole), rule, severity, reason."""


@dataclass(frozen=True)
class Layout:
    """What holds for a junction: its ways, what conflicts, which phases there are."""

    ways: list[Way]
    conflicts: Conflicts
    whom: dict[int, int]  # phase -> lights.VEHICLES or WALKERS
    source: int  # whose MAP, -1 the precise map

    @classmethod
    def of(cls, ways: list[Way], source: int) -> Layout:
        whom: dict[int, int] = {}
        for way in ways:
            if way.phase not in NO_PHASE:
                whom[way.phase] = (
                    lights.WALKERS if way.walkers and whom.get(way.phase) != lights.VEHICLES else lights.VEHICLES
                )
        return cls(ways, conflicts(ways), whom, source)

    def phase_of(self, lane: int, onto: int) -> int | None:
        """Return the phase of the way between two lanes of the precise map, None where there is no such way."""
        return next((way.phase for way in self.ways if way.lane == lane and onto in way.onto), None)


@dataclass
class _Held:
    """What a station is held against, and since when."""

    layout: Layout | None = None
    since_us: int = 0
    differs_us: dict[int, int] = field(default_factory=dict)  # phase -> since when another sender shows another light


class Agreement:
    """The layouts of all junctions, and how the stations agree with them."""

    def __init__(
        self,
        stations: Stations,
        transitions: Transitions,
        broadcast: Broadcast,
        maps: ReceivedMaps,
        ground: Ground | None,
        project: Projection,
        name_of: Callable[[int], str],
    ) -> None:
        self._stations, self._transitions, self._broadcast = stations, transitions, broadcast
        self._maps, self.ground, self._project, self._name_of = maps, ground, project, name_of
        self.mask = np.zeros((len(stations.station), 3), np.uint64)
        self._by_map: dict[Key, Layout] = {}
        self._lacking: dict[Key, list[str]] = {}
        self._by_ground: dict[Node, Layout | None] = {}
        self._held: dict[int, _Held] = {}
        self._waiting: dict[int, None] = {}  # stations whose layout or groups are new
        stations.on_grow.append(self._grow)
        stations.on_clear.append(self._clear)

    def _grow(self, stations: int, groups: int) -> None:
        self.mask = enlarged(self.mask, groups, 0)

    def _clear(self, stations: list[int], groups: list[int]) -> None:
        self.mask[groups] = 0
        for row in stations:
            self._held.pop(row, None)
            self._waiting.pop(row, None)

    def layout_of(self, station: int) -> Layout | None:
        """Return what a station is held against, None where nothing is known of its junction."""
        held = self._held.get(station)
        return held.layout if held else None

    def layout_at(self, source: int, node: Node) -> Layout | None:
        """Return the layout of a junction by the MAP that holds for a sender, None without one."""
        key = self._maps.key_of(source, node)
        return self._by_map.get(key) if key else None

    def renew(self, stations: set[int], now_us: int) -> None:
        """Note stations that are new or have new groups, and bring one of those that wait up to date.

        Making a layout takes milliseconds: one at a time keeps the windows short.
        """
        for row in stations:
            held = self._held.get(row)
            if held is not None and held.layout is not None:
                self._apply(row, held.layout)
            else:
                self._waiting.setdefault(row)
        if self._waiting:
            row = next(iter(self._waiting))
            del self._waiting[row]
            self._choose(row, now_us)

    def _choose(self, row: int, now_us: int) -> None:
        source, node = int(self._stations.source[row]), self._stations.node_at(row)
        layout = self.layout_at(source, node)
        if layout is None:
            if node not in self._by_ground:
                at = self.ground.row_of.get(node, -1) if self.ground else -1
                self._by_ground[node] = Layout.of(self.ground.ways(at), -1) if self.ground and at >= 0 else None
            layout = self._by_ground[node]
        held = self._held.setdefault(row, _Held(None, now_us))
        if held.layout is not layout:
            held.layout, held.since_us = layout, now_us
        self._apply(row, layout)

    def _apply(self, row: int, layout: Layout | None) -> None:
        """Write what a layout says of a station's groups to their columns."""
        if layout is None:
            return
        for phase in layout.whom:
            self._stations.group(row, phase)
        groups = self._stations.groups_at(row)
        phases = [int(self._stations.phase[group]) for group in groups]
        self.mask[groups] = conflict.masks(layout.conflicts, phases)
        self._transitions.whom[groups] = [layout.whom.get(phase, lights.UNKNOWN) for phase in phases]

    def rebuild(self, now_us: int) -> None:
        """Make the layouts of MAPs that changed and have settled, at most two at a time; their stations are renewed."""
        for (source, node), whole in self._maps.settled(now_us)[:2]:
            links = whole.links()
            near = {other: self._maps.key_of(source, other) for other in remotes(links)}
            beyond = {other: self._maps.maps[key] for other, key in near.items() if key is not None}
            places = Places(self._project, {other: found.ref for other, found in beyond.items()} | {node: whole.ref})
            received = {other: found.links() for other, found in beyond.items()}
            self._by_map[source, node] = Layout.of(of_message(self.ground, node, links, received, places), source)
            self._lacking[source, node] = lacking(links)
            whole.stale = False
            self._renewed(node)
        for source, node in [key for key in self._by_map if key not in self._maps.maps]:
            del self._by_map[source, node], self._lacking[source, node]
            self._renewed(node)

    def _renewed(self, node: Node) -> None:
        for row in self._stations.by_node.get(node, []):
            self._waiting.setdefault(row)

    def second(self, now_us: int) -> list[Told]:
        """Return where lights, lanes and senders do not fit together now. Call once a second."""
        self.rebuild(now_us)
        found: list[Told] = []
        alive = [row for row in self._stations.alive() if now_us - self._stations.last_us[row] <= ALIVE_US]
        judged = []
        for row in alive:
            held = self._held.get(row)
            since = max(held.since_us if held else now_us, int(self._broadcast.state[row, FIRST]))
            if now_us - since >= SETTLING_US:
                found += self._of_station(row, now_us)
                judged.append(row)
        return found + self._phases(np.array(judged, np.int64)) + self._contradictions(alive, now_us)

    def _of_station(self, row: int, now_us: int) -> list[Told]:
        """Return what is wrong with a station as a whole."""
        source, node = int(self._stations.source[row]), self._stations.node_at(row)
        named = f"{node[0]}/{node[1]}"
        own = self._maps.of_source.get(source, set())
        if own and node not in own:
            others = ", ".join(f"{region}/{number}" for region, number in sorted(own)[:4])
            reason = f"sends the SPAT of node {named} and the MAP of {others}"
            return [(row, -1, "spat.node.foreign", "fault", reason)]
        layout = self.layout_of(row)
        if layout is None:
            return [(row, -1, "spat.node.unknown", "fault", f"neither the zone's map nor any MAP knows node {named}")]
        found: list[Told] = []
        senders = self._maps.of_node.get(node, [])
        if not any(now_us - self._maps.maps[source, node].last_us <= GONE_US for source in senders):
            reason = (
                f"no MAP of node {named} in the last {GONE_US // 1_000_000} s: cars cannot tell whose lights these are"
            )
            found.append((row, -1, "map.absent", "warning", reason))
        for phase, text in layout.conflicts.within.items():
            reason = f"the {self._basis(layout)} gives it ways that conflict: {text}"
            found.append((row, phase, "map.phase.conflict", "fault", reason))
        return found

    def _phases(self, judged: NDArray[np.int64]) -> list[Told]:
        """Return the phases without a lane, and the lanes without a phase."""
        if not len(judged):
            return []
        n = self._stations.groups_used
        station, phase = self._stations.station[:n], self._stations.phase[:n]
        last, whom = self._transitions.state[:n, LAST], self._transitions.whom[:n]
        asked = np.isin(station, judged)
        quiet = self._broadcast.state[np.maximum(station, 0), EVENT] - last > UNLIT_US
        real = asked & ~np.isin(phase, NO_PHASE)
        found: list[Told] = []
        for group in np.flatnonzero(real & ((whom > 0) == quiet)).tolist():
            row, number = int(station[group]), int(phase[group])
            layout = self.layout_of(row)
            if layout is None:
                continue
            if whom[group]:
                what = "people cross" if whom[group] == lights.WALKERS else "lanes"
                reason = f"the {self._basis(layout)} has {what} under this phase, the SPAT does not tell it"
                found.append((row, number, "map.phase.unlit", "warning", reason))
            else:
                known = ", ".join(map(str, sorted(layout.whom)))
                reason = f"the SPAT tells it, no lane or crossing of the {self._basis(layout)} has it (it has {known})"
                found.append((row, number, "spat.phase.unmapped", "warning", reason))
        return found

    def _contradictions(self, alive: Sequence[int], now_us: int) -> list[Told]:
        """Return the senders that speak for a junction another one speaks for, and where their lights differ."""
        by_node: dict[Node, list[int]] = {}
        for row in alive:
            by_node.setdefault(self._stations.node_at(row), []).append(row)
        found: list[Told] = []
        for rows in by_node.values():
            rows.sort(key=lambda row: int(self._broadcast.state[row, FIRST]))
            for row in rows[1:]:
                other = self._name_of(int(self._stations.source[rows[0]]))
                found.append((row, -1, "spat.sender.second", "warning", f"{other} speaks for the same junction"))
                found += self._differences(rows[0], row, other, now_us)
        return found

    def _differences(self, first: int, row: int, other: str, now_us: int) -> list[Told]:
        held = self._held.setdefault(row, _Held(None, now_us))
        state, found = self._transitions.state, []
        for phase in np.flatnonzero(
            (self._stations.group_of[first] >= 0) & (self._stations.group_of[row] >= 0)
        ).tolist():
            a, b = state[self._stations.group_of[first, phase]], state[self._stations.group_of[row, phase]]
            if a[LIGHT] == b[LIGHT] or abs(a[LAST] - b[LAST]) > UNLIT_US:
                held.differs_us.pop(phase, None)
            elif now_us - held.differs_us.setdefault(phase, now_us) >= CONTRADICTION_US:
                reason = f"shows {lights.NAMES[b[LIGHT]]} while {other} shows {lights.NAMES[a[LIGHT]]}"
                found.append((row, phase, "spat.sender.contradiction", "fault", reason))
        return found

    def of_maps(self, now_us: int) -> list[received.Told]:
        """Return what is wrong with the MAPs themselves."""
        found: list[received.Told] = []
        for (source, node), whole in self._maps.maps.items():
            if now_us - whole.last_us > GONE_US or whole.stale:
                continue
            if lacks := self._lacking.get((source, node)):
                found.append((source, node, "map.minimum", "warning", f"lacks {', '.join(lacks)}"))
            if self.ground is not None and node not in self.ground.row_of:
                found.append((source, node, "map.node.unknown", "warning", "the zone's map has no such node"))
        return found

    def _basis(self, layout: Layout) -> str:
        return f"MAP of {self._name_of(layout.source)}" if layout.source >= 0 else "zone's map"
