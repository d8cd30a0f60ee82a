"""BSM: what an outsider reads from them is the car, as wrongly as its unit believes and no more."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jinyun.shapes import Kind
from jinyun.world import cars
from jinyun.world.clock import Clock
from jinyun.world.sending import Message
from jinyun.world.street import LEFT_LAMP
from jinyun.zone import Zone
from tests import oracle
from tests.world.scenes import scene

WORDS = (
    "unavailable", "a500m", "a200m", "a100m", "a50m", "a20m", "a10m", "a5m", "a2m", "a1m", "a50cm", "a20cm", "a10cm", "a5cm",
    "a2cm", "a1cm",
)  # fmt: skip


def said(message: Message) -> dict[str, Any]:
    name, value = oracle.compiled().decode("MessageFrame", message.payload)
    assert name == "bsmFrame"
    return dict(value)


def exact(here: Zone) -> Zone:
    assert here.traffic is not None
    obu = here.traffic.obu.model_copy(
        update={"drift_sd_m": 0.0, "noise_sd_m": 0.0, "speed_sd_mps": 0.0, "heading_sd_deg": 0.0}
    )
    return replace(here, traffic=here.traffic.model_copy(update={"obu": obu}))


def test_a_bsm_says_where_the_car_is_at_its_second_mark(here: Zone) -> None:
    """A car at 15 m/s to the north-east, read by asn1tools, is within a decimetre of where it is at that instant."""
    fleet, clock = cars.Cars(exact(here), 1.0, 1), Clock(100.0)
    heading = np.pi / 4
    people = [{"x": 500.0 + 50 * k, "y": -300.0, "heading": heading, "speed": 15.0} for k in range(12)]
    messages = list(fleet.messages(scene(*people), clock))
    assert len(messages) == 12
    start_ms = clock.utc_us(100.0) // 1000 % 60_000
    offsets = set()
    for k, message in enumerate(messages):
        bsm = said(message)
        after_s = ((bsm["secMark"] - start_ms) % 60_000) / 1000
        offsets.add(round(after_s, 2))
        assert 0 <= after_s < 0.1
        assert message.due_s == pytest.approx(clock.due_s(100.0) + after_s + cars.DELAY_S, abs=0.002)
        x, y = here.project(bsm["pos"]["long"] / 1e7, bsm["pos"]["lat"] / 1e7)
        assert float(x) == pytest.approx(500.0 + 50 * k + 15 * after_s * np.sin(heading), abs=0.05)
        assert float(y) == pytest.approx(-300.0 + 15 * after_s * np.cos(heading), abs=0.05)
        assert bsm["speed"] * 0.02 == pytest.approx(15.0, abs=0.02)
        assert bsm["heading"] * 0.0125 == pytest.approx(45.0, abs=0.02)
        assert bsm["size"] == {"width": 180, "length": 450, "height": 30}
        assert message.topic == f"jinyun/science-city/obu/{bsm['id'].decode()}/up/bsm"
    assert len(offsets) >= 8, "cars do not all speak at once"


def test_acceleration_yaw_and_brakes_are_told(here: Zone) -> None:
    fleet = cars.Cars(exact(here), 1.0, 1)
    people = [{"speed": 10.0, "accel": -2.5, "yaw": 0.2}, {"speed": 10.0, "accel": 1.0}, {"speed": 14.0, "accel": -5.0}]
    braking, going, hard = (said(message) for message in fleet.messages(scene(*people), Clock(100.0)))
    assert braking["accelSet"]["long"] == -250 and braking["brakes"] == {"brakePadel": "on"}
    assert braking["accelSet"]["yaw"] == round(np.degrees(0.2) * 100)
    assert going["brakes"] == {"brakePadel": "off"} and "safetyExt" not in going
    assert hard["safetyExt"]["events"] == (b"\x01\x00", 13)  # bit 7: eventHardBraking


def test_the_error_drifts_and_has_the_stated_size(here: Zone) -> None:
    """200 cars over 60 s: each axis' error has the zone's size, and hardly changes from one message to the next."""
    assert here.traffic is not None
    obu = here.traffic.obu
    fleet = cars.Cars(here, 1.0, 3)
    people = [{"x": 100.0, "y": 100.0, "number": k} for k in range(200)]
    errors, steps = [], []
    before: np.ndarray | None = None
    for k in range(0, 600):
        street = scene(*people, time_s=100 + k / 10)
        of = np.arange(200)
        fleet._wander(street.slot, street.number)
        belief = fleet._believe(street, of, np.zeros(200))
        x, y = here.project(belief["pos.long"] / 1e7, belief["pos.lat"] / 1e7)
        error = np.array([x - 100, y - 100])
        if k % 50 == 0:
            errors.append(error)
        if before is not None:
            steps.append(error - before)
        before = error
    spread = np.concatenate(errors, axis=1)
    assert np.abs(spread.mean(axis=1)).max() < 0.15
    assert spread.std() == pytest.approx(np.hypot(obu.drift_sd_m, obu.noise_sd_m), rel=0.12)
    assert np.std(steps) < 0.2


def test_the_stated_share_is_connected_and_always_the_same_cars() -> None:
    numbers = np.arange(1, 20_001, dtype=np.uint32)
    share = cars.shares(numbers, 1) < 0.3
    assert share.mean() == pytest.approx(0.3, abs=0.01)
    assert np.array_equal(share, cars.shares(numbers, 1) < 0.3)
    more = cars.shares(numbers, 1) < 0.6
    assert (more | ~share).all(), "who is connected at 0.3 is at 0.6 too"


def test_shuttles_and_buses_are_always_connected_cyclists_and_walkers_never() -> None:
    people = [
        {"class": 50},
        {"class": 54},
        {"kind": Kind.NON_MOTOR, "class": 85},
        {"kind": Kind.PEDESTRIAN, "class": 82},
    ]
    assert cars.connected(scene(*people), 0.0).tolist() == [True, True, False, False]
    assert cars.connected(scene(*people), 1.0).tolist() == [True, True, False, False]


def test_counts_go_up_by_one_and_wrap(here: Zone) -> None:
    fleet, clock = cars.Cars(here, 1.0, 1), Clock(100.0)
    counts = [said(fleet.messages(scene({"x": 1.0}), clock)[0])["msgCnt"] for _ in range(130)]
    assert all((b - a) % 128 == 1 for a, b in itertools.pairwise(counts))


def test_a_name_has_eight_characters_and_is_the_twins_number() -> None:
    assert cars.name_of(42) == "C0000042"
    assert cars.vehicle_id(42).to_bytes(8, "big") == b"C0000042"


@pytest.mark.parametrize(
    ("sd", "word"), [(0.25, "a50cm"), (0.5, "a1m"), (0.51, "a2m"), (0.004, "a1cm"), (400, "unavailable")]
)
def test_the_confidence_holds_two_standard_deviations(sd: float, word: str) -> None:
    assert WORDS[cars.position_confidence(sd)] == word


def test_nobody_connected_says_nothing(here: Zone) -> None:
    assert list(cars.Cars(here, 0.0, 1).messages(scene({"x": 1.0}), Clock(100.0))) == []


def test_lamps_events_slips_and_sirens_are_said_and_nothing_where_there_is_none(here: Zone) -> None:
    """Read by asn1tools: bit strings are counted from the highest bit, as the standard counts them."""
    street = scene({}, {}, {})
    street.doing["lights"][0] = LEFT_LAMP
    street.doing["events"][1], street.doing["braking"][1] = 1 << 10, 4 | 8
    for name, value in (("response", 1), ("siren", 2), ("lightbar", 2)):
        street.doing[name][2] = value
    turns, slides, hurries = (
        said(message) for message in cars.Cars(exact(here), 1.0, 1).messages(street, Clock(100.0))
    )
    lights, _ = turns["safetyExt"]["lights"]
    assert int.from_bytes(lights, "big") >> (8 * len(lights) - 3) & 1, "leftTurnSignalOn is bit 2"
    assert "events" not in turns["safetyExt"] and "emergencyExt" not in turns
    events, _ = slides["safetyExt"]["events"]
    assert int.from_bytes(events, "big") >> (8 * len(events) - 3) & 1, "eventABSactivated is bit 2"
    assert slides["brakes"]["abs"] == slides["brakes"]["scs"] == "engaged" and "traction" not in slides["brakes"]
    assert hurries["emergencyExt"] == {"responseType": "emergency", "sirenUse": "inUse", "lightsUse": "inUse"}
    assert "safetyExt" not in hurries
