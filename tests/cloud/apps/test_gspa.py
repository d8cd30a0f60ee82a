"""Guidance to bays: the nearest free one, kept for who asks; occupied while somebody stands there; PAM read by asn1tools."""

from functools import cache

import numpy as np
import pytest

from tests.cloud.apps.roads import COMPASS, moved, turned
from tests.cloud.apps.scenes import Mover
from tests.cloud.cooperation.asking import Talk, request, vehicle, vir
from tests.hdmap.drawn import lanes_of
from tests.oracle import compiled

BAYS_M = (150.0, 200.0, 250.0)
ASKS = request("parking", {"vehicleClass": {"classification": 10}, "req": (bytes(2), 12)})
CAR = Mover(0.0, 50.0, 0, 6.0)


@cache
def lot():
    """A road to the north with three bays on its right; the last one has a charger."""
    n = len(BAYS_M)
    return lanes_of([[(0.0, 0.0), (0.0, 400.0)]], edge=[0], tables={"bays": {
        "id": [f"B{k}" for k in range(n)], "kind": [0, 0, 1], "lane": [0] * n, "x_m": [5.0] * n, "y_m": BAYS_M,
        "heading_rad": [0.0] * n, "length_m": [6.0] * n, "width_m": [2.5] * n,
    }})  # fmt: skip


def parks(k, **more):
    return Mover(5.0, BAYS_M[k], 0, 0.0, **more)


def led(talk, movers, *heard, map=None, t_s=0.0):
    """Return the PAM of a step as asn1tools reads them, by mover."""
    found = {}
    for message, who, write in talk.at(map or lot(), movers, *heard, t_s=t_s):
        if message == "pam":
            value = {"msgCnt": 0, **write(lot().project, 1_790_000_000_000_000)}
            found[who] = compiled().decode("PAMData", compiled().encode("PAMData", value))
    return found


def bay_of(pam):
    return pam["parkingAreaGuidance"][0]["targetParkingSlot"] - 1


def status_of(pam):
    return {slot["slotID"] - 1: slot["status"] for node in pam["pamNodes"] for drive in node.get("inDrives", ())
            for slot in drive.get("parkingSlots", ())}  # fmt: skip


@pytest.mark.parametrize("deg", COMPASS)
def test_the_nearest_that_nobody_stands_in_is_offered_and_kept(deg):
    talk, map = Talk(), turned(lot(), deg)
    map.bays["heading_rad"] = map.bays["heading_rad"] + np.radians(deg)
    movers = moved([CAR, parks(0, connected=False)], deg)
    pam = led(talk, movers, vir(0, ASKS), map=map)[0]
    assert bay_of(pam) == 1
    assert pam["parkingAreaGuidance"][0]["vehId"] == vehicle(0).to_bytes(8, "big")
    assert status_of(pam) == {0: "occupied", 1: "reserved", 2: "unknown"}
    nodes = {node["id"] for node in pam["pamNodes"]}
    assert set(pam["parkingAreaGuidance"][0]["drivePath"]) <= nodes
    map.bays["heading_rad"] = map.bays["heading_rad"] - np.radians(deg)


def test_one_that_was_left_is_free_and_goes_before_those_nobody_knows_of():
    talk = Talk()
    talk.at(lot(), [CAR, parks(2)])
    pam = led(talk, [CAR, Mover(0.0, 300.0, 0, 8.0)], vir(0, ASKS, t_s=2), t_s=2)[0]
    assert bay_of(pam) == 2


def test_two_get_two_bays_a_charger_is_for_who_asks_for_it_and_a_taken_one_is_replaced():
    other = Mover(0.0, 30.0, 0, 6.0)
    charges = request("parking", {"vehicleClass": {"classification": 10}, "req": (bytes(2), 12),
                                  "parkingType": (bytes([0, 0x40]), 10)})  # fmt: skip
    talk = Talk()
    both = led(talk, [CAR, other], vir(0, ASKS), vir(1, charges))
    assert (bay_of(both[0]), bay_of(both[1])) == (0, 2)
    again = led(talk, [CAR, other, parks(0)], t_s=2)
    assert (bay_of(again[0]), bay_of(again[1])) == (1, 2)
    done = talk.at(lot(), [parks(1), other, parks(0)], vir(0, ASKS | {"status": "complete"}, t_s=4), t_s=4)
    assert all(who != 0 for _, who, _ in done)
    assert talk.state.kept["GSPA"].fulfilled == 1


def test_a_full_lot_a_lorry_and_one_off_the_road_are_led_nowhere():
    talk = Talk()
    assert not led(talk, [CAR, *(parks(k) for k in range(3))], vir(0, ASKS))
    assert talk.counts("GSPA") == {"refused": 1}
    for mover in (Mover(0.0, 50.0, 0, 6.0, "truck"), Mover(900.0, 50.0, 0, 6.0), Mover(float("nan"), 50.0, 0, 6.0)):
        assert not led(Talk(), [mover], vir(0, ASKS))
