"""The scorecard names the same faults of the same senders whether one process fuses or partitions do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun import zone as zones
from jinyun.cloud import tracking
from jinyun.cloud.engine import senders, wire
from jinyun.cloud.engine.partition import Partition
from jinyun.cloud.engine.senders import Senders
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.quality.scorecard import Scorecard
from jinyun.cloud.tracking import trust
from jinyun.cloud.tracking.table import LINK
from tests.cloud.quality import crossroads, planted

TILING = Tiling(parts=6, tile_m=400.0, rim_m=40.0)
SECONDS = 120
SOUND = 2


def tell(partition: Partition, known: Senders, t_us: int) -> None:
    """Have a partition tell of the senders, over the wire."""
    for rows in senders.told(partition.tracks):
        turn = wire.unpack(wire.pack(wire.Turn(partition.part, 1, 1, 1, t_us, rows)))
        known.take(turn.part, turn.t_us, turn.rows)


def test_partitions_name_the_faults_that_one_process_names_and_no_others() -> None:
    zone = zones.load(zones.find("science-city"))
    rsus = zone.rsus[: len(planted.PLANTED) + SOUND]
    masts = np.array([(rsu.x_m, rsu.y_m) for rsu in rsus])
    names = [f"rsu/{rsu.id}" for rsu in rsus]
    faults = [does for _, does in planted.PLANTED.values()]
    units = [planted.Unit(tuple(mast), np.random.default_rng(k)) for k, mast in enumerate(masts)]
    cards = [Scorecard(zone, lambda row: names[row] if row < len(names) else f"obu/{row}") for _ in range(2)]
    one, partitions, known = tracking.Tracks(), [Partition(part) for part in range(TILING.parts)], Senders()
    named: list[set[tuple[str, str]]] = [set(), set()]
    for step, (now_us, rows) in enumerate(crossroads.windows(masts, SECONDS)):
        said = [rows[rows["source"] >= len(faults)]]
        said += [
            does(rows[rows["source"] == k], units[k]) for k, does in enumerate(faults) if (rows["source"] == k).any()
        ]
        seen: NDArray[np.void] = np.concatenate(said)
        tracking.take(one, seen, now_us)
        told, bounds = TILING.split(seen["x_m"], seen["y_m"])
        for its in partitions:
            its.take(seen[told[bounds[its.part] : bounds[its.part + 1]]], now_us)
            if now_us % senders.TOLD_US == 0:
                tell(its, known, now_us)
        for card in cards:
            card.take(seen)
        if step % 10 == 9:
            for card, tracks, found in zip(cards, (one, known.known()), named, strict=True):
                found.clear()
                found |= {(finding.source, finding.rule) for finding in card.second(tracks, None, now_us)}
    shared = TILING.shared(masts[:, 0].copy(), masts[:, 1].copy())
    assert shared.any(), "no unit stands at a border"
    assert named[1] == named[0] == {(names[k], rule) for k, (rule, _) in enumerate(planted.PLANTED.values())}


def test_of_several_partitions_the_one_with_the_most_to_go_by_counts_and_an_old_word_does_not() -> None:
    known = Senders()
    for part, weight in ((0, 1.0), (1, 5.0), (2, 3.0)):
        rows = np.zeros(1, senders.TRUST)
        rows["source"] = 3
        rows["trust"][:, trust.NORMAL], rows["trust"][:, trust.OFFSET] = weight, 10.0 + part
        links = np.zeros(2, LINK)
        links["source"], links["participant"], links["last_us"] = 3, (part, 100 + part), 1
        known.take(part, 10_000_000, rows)
        known.take(part, 10_000_000, links)
    its = known.known()
    assert its.trust[3, trust.OFFSET] == 11.0 and (its.trust[:3] == trust.blank(3)).all()
    assert sorted(its.links["participant"][its.links["last_us"] > 0].tolist()) == [0, 1, 2, 100, 101, 102]
    known.take(0, 13_000_000, np.zeros(0, LINK))
    its = known.known()  # the others have said nothing for three seconds
    assert its.count == 0 and (its.trust == trust.blank(len(its.trust))).all()


def test_nobody_has_said_anything() -> None:
    its = Senders().known()
    assert its.count == 0 and not (its.trust[:, trust.LOOKS] > 0).any()
