"""Lanes managed by the zone's instruction: told by the units near them while they hold; a bad file is named with its place."""

from dataclasses import replace

import numpy as np
import pytest

from jinyun.cloud.apps.scene import UNIT
from jinyun.cloud.cooperation.instructions import InstructionError, load
from tests.cloud.apps.scenes import T_US
from tests.cloud.cooperation.asking import Talk
from tests.hdmap.town import town
from tests.oracle import compiled

MAP = replace(town())
GOOD = """
[[instruction]]
id = "works"
lanes = ["l1"]
use = "closed"
from = 2026-09-21T22:00:00+08:00
until = 2026-09-22T05:00:00+08:00
description = "夜间施工"

[[instruction]]
lanes = ["l0", "l4"]
use = "limit"
limit_kmh = 36
from = 2026-09-21T22:00:00+08:00
until = 2026-09-22T05:00:00+08:00
"""


def units(*places):
    rows = np.zeros(len(places), UNIT)
    for k, place in enumerate(places):
        rows[k] = (*place, -1, -1)
    return rows


def instructed(tmp_path, text=GOOD):
    (tmp_path / "lanes.toml").write_text(text, encoding="utf-8")
    return load(tmp_path, MAP)


def told(instructions, at_us, places=((0.0, 0.0),)):
    talk = Talk()
    talk.state.kept["DLM"] = instructions
    talk.at(MAP, [], t_s=(at_us - T_US) / 1e6, units=units(*places))
    found = []
    for one in talk.out:
        value = {"msgCnt": 0, **one.content(MAP.project, at_us)}
        data = compiled().encode("RoadsideCoordination", value)
        found.append((one.unit, compiled().decode("RoadsideCoordination", data)["laneCoordinates"]))
    return found


def test_what_holds_is_told_by_the_units_near_it_and_an_independent_codec_reads_it(tmp_path):
    instructions = instructed(tmp_path)
    begins, ends = instructions[0].from_us, instructions[0].until_us
    ((unit, lanes),) = told(instructions, begins + 1_000_000, ((0.0, 0.0), (5000.0, 0.0)))
    assert unit == 0
    closed = lanes[0]
    assert closed["targetLane"]["downstreamNodeId"] == {"region": 1, "id": 1}
    assert closed["targetLane"]["upstreamNodeId"] == {"region": 1, "id": 2}
    assert closed["targetLane"]["referenceLanes"] == (bytes([0x40, 0]), 16)  # lane 1, the leftmost
    assert (closed["tBegin"]["hour"], closed["tEnd"]["hour"]) == (14, 21)  # UTC
    assert closed["info"][0] == bytes([0x02])  # bit 6: laneRestriction
    assert closed["recommendedBehavior"] == (bytes([0x20, 0]), 14)  # bit 2: to the right
    assert closed["description"][1].decode("gb2312") == "夜间施工"
    assert [one["recommendedSpeed"] for one in lanes[1:]] == [500, 500]
    assert not told(instructions, ends + 1)
    assert not told(instructions, begins - 700 * 1_000_000)
    assert told(instructions, begins - 500 * 1_000_000)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"l1"', '"nowhere"', "lanes"), ('"closed"', '"open"', "use"), ("22T05", "20T05", "until"),
        ("2026-09-21T22:00:00+08:00", "2026-09-21", "from"), ("limit_kmh = 36", "", "limit_kmh"),
        ("id = ", "name = ", "name"), ("[[instruction]]\nid", "[[instruction", "-"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_place_and_reason(tmp_path, old, new, place):
    with pytest.raises(InstructionError, match=rf"lanes\.toml: .*{place}"):
        instructed(tmp_path, GOOD.replace(old, new, 1))


def test_without_a_file_nothing_holds(tmp_path):
    assert load(tmp_path, MAP) == ()
    assert not told((), T_US)
