"""What is left out under load: ordinary cars in their turn, and nobody else."""

import numpy as np

from jinyun.cloud.shedding import LEAST, Shedding
from jinyun.shapes import SIGHTING, Kind


def crowd() -> np.ndarray:
    rows = np.zeros(1000, SIGHTING)
    rows["participant"] = np.arange(1000)
    rows["kind"] = Kind.MOTOR
    rows["kind"][900:] = [Kind.PEDESTRIAN, Kind.NON_MOTOR, Kind.UNKNOWN, Kind.RSU] * 25
    rows["classification"][:10] = 61
    return rows


def lagging(seconds: float, windows: int) -> Shedding:
    shedding = Shedding()
    for _ in range(windows):
        shedding.lagged(seconds)
    return shedding


def test_a_cloud_that_keeps_up_takes_everything() -> None:
    shedding = lagging(0.02, 1000)
    assert len(shedding.keep(crowd())) == 1000
    assert shedding.shed == 0


def test_one_hiccup_sheds_nothing() -> None:
    shedding = Shedding()
    shedding.lagged(2.0)
    for _ in range(10):
        shedding.lagged(0.01)
    assert shedding.share == 1.0


def test_vulnerable_users_emergency_vehicles_and_the_unnamed_are_never_shed() -> None:
    shedding = lagging(1.0, 500)
    assert shedding.share == LEAST
    kept = set(shedding.keep(crowd())["participant"].tolist())
    assert kept >= set(range(10)) | set(range(900, 1000))
    assert 50 < len(kept) - 110 < 130  # a tenth of 890 ordinary cars
    assert shedding.shed == 1000 - len(kept)


def test_every_car_has_its_turn() -> None:
    shedding = lagging(1.0, 500)
    seen = np.zeros(1000, np.int64)
    for _ in range(100):
        np.add.at(seen, shedding.keep(crowd())["participant"].astype(np.int64), 1)
    assert seen[10:900].min() >= 9 and seen[10:900].max() <= 11


def test_it_recovers_by_itself() -> None:
    shedding = lagging(1.0, 500)
    for _ in range(100):
        shedding.lagged(0.0)
    assert shedding.share == 1.0
