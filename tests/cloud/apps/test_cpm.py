"""Platoons: forming, joining, leaving, ending as CLPMM tells it; a follower too near or fallen back is told."""

import pytest

from jinyun.cloud.cooperation.hearing import Heard
from tests.cloud.apps.roads import COMPASS, moved, turned
from tests.cloud.apps.scenes import T_US, Mover, straight
from tests.cloud.cooperation.asking import Talk, vehicle

PID = b"P" * 17
SPEED = 15.0
RULE_M = 4.0 + 0.6 * SPEED


def clpmm(mover, role, status, t_s=0.0, members=None, capacity=4, joins=True, source=1):
    value = {"id": vehicle(mover).to_bytes(8, "big"), "pid": PID, "role": role, "status": status}
    if members is not None:
        rows = [{"vid": vehicle(one).to_bytes(8, "big")} for one in members]
        value["leadingExt"] = {"memberList": rows, "capacity": capacity, "openToJoin": joins}
    return Heard("clpmm", source, T_US + round(t_s * 1e6), value)


def leads(t_s=0.0, **more):
    return clpmm(0, "leader", "navigating", t_s, **({"members": [0]} | more))


def row(*gaps):
    """Movers one behind the other, the first ahead, with such gaps bumper to bumper."""
    y, found = 400.0, [Mover(0.0, 400.0, 0, SPEED)]
    for gap in gaps:
        y -= gap + 4.6
        found.append(Mover(0.0, y, 0, SPEED))
    return found


def platoon(talk):
    return talk.state.kept["CPM"].by_pid.get(PID)


def test_one_joins_follows_leaves_and_the_platoon_ends():
    talk, movers = Talk(), row(RULE_M, RULE_M)
    talk.at(straight(), movers, leads(), clpmm(1, "free-vehicle", "askForJoining"))
    assert platoon(talk).members[vehicle(1)].state == "joining"
    assert platoon(talk).line() == [vehicle(0)]
    talk.at(straight(), movers, leads(1), clpmm(1, "follower", "following", 1), t_s=1)
    assert platoon(talk).line() == [vehicle(0), vehicle(1)]
    talk.at(straight(), movers, leads(2), clpmm(1, "follower", "askForLeaving", 2), t_s=2)
    talk.at(straight(), movers, leads(3), clpmm(1, "free-vehicle", "navigating", 3), t_s=3)
    assert platoon(talk).line() == [vehicle(0)]
    talk.at(straight(), movers, clpmm(0, "leader", "beginToDissmiss", 4), t_s=4)
    assert platoon(talk) is None
    counts = talk.state.kept["CPM"].counts
    assert {name: counts[name] for name in ("formed", "joined", "left", "dissolved", "lost")} == {
        "formed": 1, "joined": 1, "left": 1, "dissolved": 1, "lost": 0,
    }  # fmt: skip


@pytest.mark.parametrize("leader", [{"joins": False}, {"capacity": 1}])
def test_where_it_is_closed_or_full_nobody_joins(leader):
    talk = Talk()
    talk.at(straight(), row(RULE_M), leads(**leader), clpmm(1, "free-vehicle", "askForJoining"))
    assert not platoon(talk).members
    assert talk.state.kept["CPM"].counts["turned_away"] == 1


def test_the_silent_are_let_go_and_nobody_speaks_for_another():
    talk = Talk()
    talk.at(straight(), row(RULE_M), leads(members=[0, 1]))
    talk.at(straight(), row(RULE_M), leads(4.0, members=[0, 1]), t_s=4)
    assert not platoon(talk).members
    talk.at(straight(), row(RULE_M), clpmm(0, "leader", "beginToDissmiss", 5, source=9), t_s=5, speaks=lambda who: 1)
    assert platoon(talk) is not None
    talk.at(straight(), row(RULE_M), clpmm(1, "leader", "beginToDissmiss", 5.1), t_s=5.1)
    assert platoon(talk) is not None
    talk.at(straight(), row(RULE_M), t_s=9)
    assert platoon(talk) is None


@pytest.mark.parametrize("deg", COMPASS)
def test_who_is_too_near_slows_and_who_has_fallen_back_catches_up(deg):
    for gaps, told in (
        ((RULE_M, RULE_M), ([], [])), ((RULE_M * 0.5, RULE_M), ([("slow-down",)], [])),
        ((RULE_M, RULE_M * 2), ([], [("speed-up",)])),
    ):  # fmt: skip
        talk = Talk()
        talk.at(turned(straight(), deg), moved(row(*gaps), deg), leads(members=[0, 1, 2]))
        assert (talk.told(1), talk.told(2)) == told
        assert not talk.told(0)
