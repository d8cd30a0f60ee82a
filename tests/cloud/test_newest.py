"""What vehicles say of themselves: from messages an independent codec wrote to the newest word of each."""

import numpy as np

from jinyun.cloud.decode import Decoder
from jinyun.cloud.newest import Newest
from jinyun.net.block import Arrival
from jinyun.net.samples import SMALLEST
from jinyun.shapes import REPORT
from tests import oracle

NOW_US = 1_790_000_030_000_000


def bsm(car: str, mark_ms: int, **more) -> bytes:
    value = {**SMALLEST["bsm"], "id": car.encode(), "secMark": mark_ms, **more}
    return oracle.frame("bsmFrame", value)


def decoded(*messages: tuple[str, bytes]):
    decoder = Decoder(lambda lon, lat: (np.zeros_like(lon), np.zeros_like(lat)))
    return decoder.decode([Arrival(NOW_US, f"jinyun.z.obu.{car}.up.bsm", frame) for car, frame in messages])


def test_lamps_events_brakes_and_sirens_are_read_as_the_standard_counts_their_bits():
    left, hazard = 1 << (8 - 2), 1 << (8 - 4)
    hard_braking, flat = 1 << (12 - 7), 1 << (12 - 10)
    message = bsm(
        "C0000001", 29_900,
        brakes={"brakePadel": "on", "abs": "engaged"},
        safetyExt={"events": (bytes([0b00000001, 0b00100000]), 13), "lights": (bytes([0b00101000, 0]), 9)},
        emergencyExt={"responseType": "emergency", "sirenUse": "inUse", "lightsUse": "inUse"},
    )  # fmt: skip
    rows = decoded(("C0000001", message)).reports
    assert len(rows) == 1
    assert rows["lights"][0] == left | hazard
    assert rows["events"][0] == hard_braking | flat
    assert rows["braking"][0] == 1 | 4
    assert (rows["response"][0], rows["siren"][0], rows["lightbar"][0]) == (1, 2, 2)
    assert rows["vehicle_id"][0] == int.from_bytes(b"C0000001", "big")


def test_a_car_that_says_nothing_beside_its_motion_has_no_report():
    assert len(decoded(("C0000001", bsm("C0000001", 29_900))).reports) == 0


def test_the_newest_word_of_each_car_holds_for_a_second():
    reports = Newest(REPORT)
    lit = decoded(("C0000001", bsm("C0000001", 29_900, safetyExt={"lights": (b"\x20\x00", 9)}))).reports
    reports.take(lit)
    later = lit.copy()
    later["event_us"] += 100_000
    later["lights"] = 0
    reports.take(later)
    ids = np.array([lit["vehicle_id"][0], 0, 77], np.uint64)
    reports.settle(NOW_US)
    assert reports.of(ids)["lights"].tolist() == [0, 0, 0]
    assert reports.of(ids)["event_us"][0] == later["event_us"][0]
    reports.settle(int(later["event_us"][0]) + 1_000_001)
    assert len(reports.rows) == 0
    assert not reports.of(ids)["vehicle_id"].any()
