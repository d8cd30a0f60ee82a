"""Claims: what vehicles say of themselves, held against physics, against each other's words and against the road's eyes.

Each message of a vehicle is compared with its last: a leap, a speed that its places deny, an acceleration no tyre gives, a
heading it does not drive. Words that another vehicle has said before are a replay. Once a second the picture is asked:
a vehicle that passes several places where roadside sensors see nearly everybody, and is seen at few of them, is not where
it says; several such near each other are one sender with many names (Sybil). Nobody drives far from every lane of the map.
Whoever is suspected keeps its place in the picture with little weight, so that a real vehicle is never lost; suspicion ends
by itself when its cause does. Who leapt and did not leap back stays suspected until the road sees it where it now says it
is, or for two minutes.

The kinds of attack are those of the VeReMi data set: constant offset, random place, replay, sudden stop, Sybil, denial of
service (the last is the rate of :meth:`jinyun.cloud.sources.Sources.admit`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality import overlooked
from jinyun.hdmap import Map
from jinyun.rows import taken
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, Finding

HARDEST_MPS2 = 14.0
"""No road vehicle changes its speed faster by tyres; half as much again for the noise of a step."""
LEAST_STEP_MPS = 3.0
"""A change of speed that is looked at: below it, noise over a short step would do."""
LEAP_FLOOR_M = 6.0
LEAP_SIGMAS = 6.0
PATIENCE_S = 2.0
"""A pause longer than this says nothing of the step across it."""
SPEED_APART_MPS = 4.0
SPEED_MEMORY_S = 2.0
COURSE_APART_RAD = 1.2
COURSE_FROM_MPS = 4.0
REPEATED = 4
"""So many messages with another's exact words within ten seconds are no chance."""
WORDS_KEPT_US = 120_000_000
SUSPECT_US = 10_000_000
"""Suspicion lasts so long after its last cause."""
SUSPECT_SD_M = 10.0
"""What a suspected sender's places are taken to be good for."""
DISPLACED_S = 120.0
OFF_ROAD_MPS = 5.0
"""Who drives so fast where no lane is within 25 m, for some seconds, does not drive there."""
PARTS = 16
LEAST_PART = 128
"""Asking is done in at most so many parts, a window each and all within a second; each of at least so many vehicles."""
MOST_OFF_ROAD = 256
"""So many who drive where no lane is are told at one asking; where there are more, it is the map that is wrong."""
LIKE_MPS, LIKE_RAD, LIKE_M = 1.5, 0.2, 60.0
GROUP, GROUP_M = 3, 150.0
LEAP, SPEED, ACCELERATION, COURSE, REPLAY, DISPLACED = range(6)
_RULES = ("claim.leap", "claim.speed", "claim.acceleration", "claim.course", "claim.replay")
_FIELDS = ("pos", "speed", "speed", "heading", "message")
_STATE = 11  # t_us, x, y, speed, heading, difference of speeds, repeats, when last repeated; x, y, t_us of leaps
_SLOTS = 1 << 18


@njit(cache=True, nogil=True)
def _hold_against(
    row: NDArray[np.int64],
    t_us: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    speed: NDArray[np.float64],
    heading: NDArray[np.float64],
    sd: NDArray[np.float64],
    state: NDArray[np.float64],
    words: NDArray[np.int64],
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return (flags of what is wrong with each claim, the value that shows it by kind); state and words are changed."""
    n = len(row)
    wrong = np.zeros(n, np.uint8)
    shown = np.zeros((n, 5))
    mask = len(words) - 1
    for i in range(n):
        s = state[row[i]]
        known = np.isfinite(speed[i]) and np.isfinite(heading[i])
        if s[0] > 0 and known:
            dt = (t_us[i] - s[0]) / 1e6
            if 0.02 < dt < PATIENCE_S:
                mean = 0.5 * (s[3] + speed[i])
                dx, dy = x[i] - s[1], y[i] - s[2]
                moved = np.hypot(dx, dy)
                # Between two messages a vehicle is somewhere on the way its speed allows, whichever way it turns.
                reach = LEAP_FLOOR_M + LEAP_SIGMAS * sd[i] + 0.5 * HARDEST_MPS2 * dt * dt
                if abs(moved - mean * dt) > reach:
                    wrong[i] |= 1 << LEAP
                    shown[i, LEAP] = moved - mean * dt
                    s[8] += dx - mean * dt * np.sin(heading[i])
                    s[9] += dy - mean * dt * np.cos(heading[i])
                    s[10] = t_us[i]
                    if np.hypot(s[8], s[9]) < reach:  # it is back where its way led
                        s[8] = s[9] = 0.0
                else:
                    share = min(1.0, dt / SPEED_MEMORY_S)
                    along = (dx * np.sin(heading[i]) + dy * np.cos(heading[i])) / dt
                    s[5] += share * (abs(along) - mean - s[5])
                    if abs(s[5]) > SPEED_APART_MPS + sd[i]:
                        wrong[i] |= 1 << SPEED
                        shown[i, SPEED] = s[5]
                    if mean > COURSE_FROM_MPS and moved > 3.0 * sd[i] + 1.0:
                        off = np.arctan2(dx, dy) - heading[i]
                        off = abs((off + np.pi) % (2 * np.pi) - np.pi)
                        if COURSE_APART_RAD < off < np.pi - 0.35:  # driving backwards is no lie
                            wrong[i] |= 1 << COURSE
                            shown[i, COURSE] = off
                step = speed[i] - s[3]
                if abs(step) > LEAST_STEP_MPS and abs(step) / dt > 1.5 * HARDEST_MPS2:
                    wrong[i] |= 1 << ACCELERATION
                    shown[i, ACCELERATION] = step / dt
        if s[8] != 0.0 and t_us[i] - s[10] < DISPLACED_S * 1e6:
            wrong[i] |= 1 << DISPLACED
        if known and speed[i] > 1.0:
            value = np.int64(x[i] * 1000.0) * 73_856_093 ^ np.int64(y[i] * 1000.0) * 19_349_663
            value ^= np.int64(speed[i] * 50.0) * 83_492_791 ^ np.int64(heading[i] * 1e4) * 2_654_435_761
            value &= 0x7FFFFFFFFFFFFFFF
            slot = value & mask
            if words[slot, 0] == value and words[slot, 1] != row[i] and t_us[i] - words[slot, 2] < WORDS_KEPT_US:
                if t_us[i] - s[7] > 10_000_000:
                    s[6] = 0.0
                s[6] += 1.0
                s[7] = t_us[i]
                if s[6] >= REPEATED:
                    wrong[i] |= 1 << REPLAY
                    shown[i, REPLAY] = (t_us[i] - words[slot, 2]) / 1e6
            else:
                words[slot, 0], words[slot, 1], words[slot, 2] = value, row[i], t_us[i]
        s[0], s[1], s[2] = t_us[i], x[i], y[i]
        if known:
            s[3], s[4] = speed[i], heading[i]
    return wrong, shown


class Claims:
    """Watches the vehicles of one zone; :meth:`take` each window, :meth:`ask` once a second."""

    def __init__(self, name_of: Callable[[int], str], map: Map | None = None) -> None:
        """``name_of`` gives a sender's name by its row; without a map nobody is off the road."""
        self.name_of = name_of
        self.map = map
        self.suspect_us = np.zeros(256, np.int64)
        self._state = np.zeros((256, _STATE))
        self._words = np.zeros((_SLOTS, 3), np.int64)
        self._vehicle = np.zeros(256, np.uint64)  # what each sender last called its vehicle
        self._doubts = np.zeros(256, overlooked.DOUBT)
        self._cells = overlooked.Cells()
        self._askings = 0
        self._asking: Generator[None, None, list[Finding]] | None = None

    def _grow(self, rows: int) -> None:
        while len(self._state) < rows:
            for name in ("_state", "suspect_us", "_vehicle", "_doubts"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))

    def forget(self, row: int) -> None:
        """Let go of a sender whose row another may get."""
        if row < len(self._state):
            for column in (self._state, self.suspect_us, self._vehicle, self._doubts):
                column[row] = np.zeros((), column.dtype)

    def _senders(self, vehicles: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the row of the sender that is each of the vehicles, of several the one heard last, -1 for none."""
        order = np.lexsort((self._state[:, 0], self._vehicle))
        at = np.searchsorted(self._vehicle[order], vehicles, side="right") - 1
        rows = order[np.maximum(at, 0)]
        return np.where((at >= 0) & (self._vehicle[rows] == vehicles), rows, -1)

    def take(self, sightings: NDArray[np.void], now_us: int) -> list[Finding]:
        """Hold a window's claims against what each sender said before; suspected senders' ``position_sd_m`` is raised."""
        own = np.flatnonzero(sightings["by"] == SEEN_BY_ITSELF)
        if not len(own):
            return []
        own = own[np.argsort(sightings["event_us"][own], kind="stable")]
        claims = taken(sightings, own)
        rows = claims["source"].astype(np.int64)
        self._grow(int(rows.max()) + 1)
        sd = np.nan_to_num(claims["position_sd_m"].astype(np.float64), nan=1.0)
        wrong, shown = _hold_against(
            rows, claims["event_us"], claims["x_m"], claims["y_m"], claims["speed_mps"].astype(np.float64),
            claims["heading_rad"].astype(np.float64), sd, self._state, self._words,
        )  # fmt: skip
        self._vehicle[rows] = claims["vehicle_id"]
        findings = []
        self.suspect_us[rows[wrong > 0]] = now_us + SUSPECT_US
        for index in np.flatnonzero(wrong & ~np.uint8(1 << DISPLACED)).tolist():
            for kind in range(len(_RULES)):
                if wrong[index] >> kind & 1:
                    findings.append(self._finding(kind, int(rows[index]), float(shown[index, kind]), now_us))
        doubtful = own[self.suspect_us[sightings["source"][own]] > now_us]
        sightings["position_sd_m"][doubtful] = np.fmax(sightings["position_sd_m"][doubtful], SUSPECT_SD_M)
        return findings

    def _finding(self, kind: int, row: int, value: float, now_us: int) -> Finding:
        reason = (
            f"moves {value:+.1f} m more than its speed allows between two messages",
            f"its places move {value:+.1f} m/s against its stated speed",
            f"changes its speed by {value:+.1f} m/s2",
            f"moves {np.degrees(value):.0f} degrees off the heading it states",
            f"says what another vehicle said {value:.1f} s before, word by word",
        )[kind]
        return Finding(_RULES[kind], self.name_of(row), _FIELDS[kind], reason, now_us)

    def ask(self, tracks: NDArray[np.void], now_us: int) -> list[Finding]:
        """Ask the picture (TRACK rows) once a second whether the road sees whoever reports itself."""
        found = self.begin(tracks, now_us)
        while self._asking is not None:
            found += self.go_on()
        return found

    def begin(self, tracks: NDArray[np.void], now_us: int) -> list[Finding]:
        """Begin to ask a picture that will not change; return what an asking that was not at its end found."""
        found = []
        while self._asking is not None:
            found += self.go_on()
        self._asking = self._in_parts(tracks, now_us)
        return found

    def go_on(self) -> list[Finding]:
        """Ask of the next part of the vehicles; return what was found where that was the last."""
        if self._asking is None:
            return []
        try:
            next(self._asking)
        except StopIteration as ended:
            self._asking = None
            found: list[Finding] = ended.value
            return found
        return []

    def _in_parts(self, tracks: NDArray[np.void], now_us: int) -> Generator[None, None, list[Finding]]:
        reported = tracks["seen_by"] & SEEN_BY_ITSELF > 0
        seen = tracks["seen_by"] & SEEN_BY_ROAD > 0
        both = np.flatnonzero(reported & (tracks["vehicle_id"] > 0))
        rows = self._senders(tracks["vehicle_id"][both])
        both, rows = both[rows >= 0], rows[rows >= 0]
        flags = np.zeros(len(both), np.uint8)
        self._askings += 1
        part = max(LEAST_PART, -(-len(both) // PARTS))
        for first in range(0, len(both), part):
            some, row = both[first : first + part], rows[first : first + part]
            away = self._away(tracks[some], seen[some])
            self._cells.make_room(len(some))
            found = flags[first : first + part] = overlooked.ask(
                row, np.ascontiguousarray(tracks["vehicle_id"][some]), tracks["x_m"][some], tracks["y_m"][some],
                seen[some], away, self.suspect_us[row] <= now_us, self._askings, self._doubts,
                self._cells.keys, self._cells.values, self._cells.used,
            )  # fmt: skip
            self.suspect_us[row[found & (overlooked.UNSEEN | overlooked.OFF_ROAD) > 0]] = now_us + SUSPECT_US
            self._state[row[found & overlooked.TRUSTED > 0], 8:10] = 0.0
            yield

        def those(flag: int) -> list[tuple[int, int]]:
            which = np.flatnonzero(flags & flag)
            return list(zip(both[which].tolist(), rows[which].tolist(), strict=True))

        findings = [
            Finding("claim.off_road", self.name_of(row), "pos",
                    f"drives {tracks['speed_mps'][index]:.0f} m/s where no lane is within 25 m", now_us)
            for index, row in those(overlooked.OFF_ROAD)[:MOST_OFF_ROAD]
        ]  # fmt: skip
        unseen, suspicious = those(overlooked.UNSEEN), those(overlooked.SUSPICIOUS)
        return findings + self._unseen(tracks, tracks[seen & ~reported], unseen, suspicious, now_us)

    def _away(self, tracks: NDArray[np.void], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return who drives, unseen by the road, where no lane is."""
        away = ~seen & (tracks["speed_mps"] > OFF_ROAD_MPS)
        if self.map is None:
            return np.zeros(len(tracks), np.bool_)
        driving = np.flatnonzero(away)
        if len(driving):
            away[driving] = self.map.nearest_lane(tracks["x_m"][driving], tracks["y_m"][driving])[0] < 0
        return away

    def _unseen(
        self,
        tracks: NDArray[np.void],
        alone: NDArray[np.void],
        unseen: list[tuple[int, int]],
        suspicious: list[tuple[int, int]],
        now_us: int,
    ) -> list[Finding]:
        findings = []
        for index, row in unseen:
            track = tracks[index]
            places = int(self._doubts["places"][row])
            reason = f"no roadside sensor sees it at {places} places where they see nearly everybody"
            findings.append(Finding("claim.unseen", self.name_of(row), "pos", reason + _like(track, alone), now_us))
        together = unseen + suspicious
        if len(together) >= GROUP:
            at = np.array([[tracks["x_m"][index], tracks["y_m"][index]] for index, _ in together])
            near = np.hypot(*(at[:, None] - at[None, :]).transpose(2, 0, 1)) < GROUP_M
            told = np.zeros(len(together), np.bool_)
            for most in np.argsort(-near.sum(axis=1), kind="stable").tolist():
                which = np.flatnonzero(near[most] & ~told)
                if len(which) < GROUP or told[most]:
                    continue
                told[which] = True
                members = sorted(self.name_of(together[k][1]) for k in which)
                self.suspect_us[[together[k][1] for k in which]] = now_us + SUSPECT_US
                reason = f"{len(members)} unseen vehicles within {GROUP_M:.0f} m: {', '.join(members[:8])}"
                findings += [Finding("claim.group", name, "id", reason, now_us, "fault") for name in members]
        return findings


def _like(track: np.void, alone: NDArray[np.void]) -> str:
    """Return words on a vehicle that only the road sees and that drives like this one: where it may really be."""
    if not len(alone):
        return ""
    dx, dy = alone["x_m"] - track["x_m"], alone["y_m"] - track["y_m"]
    turn = np.abs((alone["heading_rad"] - track["heading_rad"] + np.pi) % (2 * np.pi) - np.pi)
    like = (
        (np.hypot(dx, dy) < LIKE_M) & (np.abs(alone["speed_mps"] - track["speed_mps"]) < LIKE_MPS) & (turn < LIKE_RAD)
    )
    if not like.any():
        return ""
    best = np.flatnonzero(like)[np.argmin(np.hypot(dx, dy)[like])]
    return f"; one like it is seen {dx[best]:+.0f} m east, {dy[best]:+.0f} m north of there"
