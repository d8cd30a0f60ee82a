"""The scorer on hand-made tracks: against motmetrics used by its own reader, against the definitions written out as loops,
and against errors that were put in."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from jinyun.bench import scoring
from jinyun.shapes import Kind

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import motmetrics
    import pandas as pd

Rows = NDArray[np.void]


def truth(frames: int, people: int, kind: Kind = Kind.MOTOR, apart_m: float = 20.0, mps: float = 10.0) -> Rows:
    """People in a row abreast who go east, a row each of 0.1 s."""
    rows = np.zeros(frames * people, scoring.TRUE)
    rows["frame"], rows["id"] = np.repeat(np.arange(frames), people), np.tile(np.arange(people) + 1, frames)
    rows["x_m"], rows["y_m"] = rows["frame"] * mps / 10, rows["id"] * apart_m
    rows["speed_mps"], rows["heading_rad"], rows["kind"], rows["due"] = mps, np.pi / 2, kind, True
    return rows


def shown(rows: Rows) -> Rows:
    """Tracks that say exactly what is so."""
    out = np.zeros(len(rows), scoring.SHOWN)
    for name in scoring.SHOWN.names or ():
        out[name] = rows[name]
    out["id"] += 100
    return out


def spoilt(rows: Rows, seed: int, noise_m: float) -> Rows:
    """Tracks with misses, inventions, exchanged and new numbers, and noise."""
    rng = np.random.default_rng(seed)
    out = shown(rows)
    out["x_m"] += rng.normal(0, noise_m, len(out))
    out["y_m"] += rng.normal(0, noise_m, len(out))
    late = out["frame"] > 20
    one, two = (late & (out["id"] == 100 + n) for n in (1, 2))
    out["id"][one], out["id"][two] = 102, 101
    out["id"][late & (out["id"] == 104)] = 204
    out = out[rng.random(len(out)) > 0.1]
    ghosts = out[rng.integers(len(out), size=len(out) // 15)].copy()
    ghosts["x_m"] += 9.0
    ghosts["id"] = 900 + np.arange(len(ghosts)) // 3
    out = np.concatenate([out, ghosts])
    return out[np.argsort(out["frame"], kind="stable")]


def table(rows: Rows) -> pd.DataFrame:
    frame = pd.DataFrame({"FrameId": rows["frame"], "Id": rows["id"], "X": rows["x_m"], "Y": rows["y_m"]})
    return frame.set_index(["FrameId", "Id"])


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_those_of_motmetrics_reading_the_same_tracks_itself(seed: int) -> None:
    real = truth(50, 8)
    tracks = spoilt(real, seed, 0.3)
    ours = scoring.figures(real, tracks)
    names = ["mota", "idf1", "recall", "precision", "num_switches"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        account = motmetrics.utils.compare_to_groundtruth(
            table(real), table(tracks), "seuc", distfields=["X", "Y"], distth=scoring.NEAR_M**2
        )
        theirs = motmetrics.metrics.create().compute(account, metrics=names, name="all").iloc[0]
    assert 0.5 < theirs["idf1"] < 0.95 and theirs["num_switches"] >= 3  # the scene shows something
    for name in ("mota", "idf1", "recall"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-12)
    assert ours["false_share"] == pytest.approx(1 - theirs["precision"], abs=1e-12)
    assert ours["switches"] == theirs["num_switches"]


def hota_by_loops(real: Rows, tracks: Rows) -> float:
    """HOTA as its authors define it, with nothing fast about it."""
    frames = sorted(set(real["frame"].tolist()) | set(tracks["frame"].tolist()))
    alike = {}
    for frame in frames:
        a, b = real[real["frame"] == frame], tracks[tracks["frame"] == frame]
        for one, two in itertools.product(a, b):
            far = float(np.hypot(one["x_m"] - two["x_m"], one["y_m"] - two["y_m"]))
            alike[frame, int(one["id"]), int(two["id"])] = max(0.0, 1 - far / scoring.NEAR_M)
    of_real, of_tracks = Counter(real["id"].tolist()), Counter(tracks["id"].tolist())
    together: dict[tuple[int, int], float] = {}
    for (frame, one, two), value in alike.items():
        rivals = sum(v for (f, a, b), v in alike.items() if f == frame and (a == one or b == two))  # itself once
        together[one, two] = together.get((one, two), 0.0) + (value / rivals if value > 0 else 0.0)
    aligned = {pair: share / (of_real[pair[0]] + of_tracks[pair[1]] - share) for pair, share in together.items()}
    scores = []
    for alpha in scoring.ALPHAS:
        hits: Counter[tuple[int, int]] = Counter()
        for frame in frames:
            a = real["id"][real["frame"] == frame].tolist()
            b = tracks["id"][tracks["frame"] == frame].tolist()
            gain = np.array([[aligned[one, two] * alike[frame, one, two] for two in b] for one in a]).reshape(
                len(a), -1
            )
            for i, j in zip(*linear_sum_assignment(-gain), strict=True):
                hits[a[i], b[j]] += alike[frame, a[i], b[j]] >= alpha - 1e-9
        tp = sum(hits.values())
        detection = tp / (len(real) + len(tracks) - tp)
        association = sum(n * n / (of_real[one] + of_tracks[two] - n) for (one, two), n in hits.items()) / max(tp, 1)
        scores.append((detection * association) ** 0.5)
    return float(np.mean(scores))


@pytest.mark.parametrize("apart_m", [20.0, 1.5])
def test_hota_is_what_its_definition_says(apart_m: float) -> None:
    real = truth(30, 4, apart_m=apart_m)
    tracks = spoilt(real, 1, 0.4)
    assert scoring.hota(real, real["id"], tracks) == pytest.approx(hota_by_loops(real, tracks), abs=0.002)


def gospa_by_trying(real: Rows, tracks: Rows) -> float:
    """GOSPA of one frame, every assignment tried (alpha = 2: each left over costs half of c squared)."""
    few, many = sorted((real, tracks), key=len)
    best = np.inf
    for chosen in itertools.permutations(range(len(many)), len(few)):
        far = np.hypot(few["x_m"] - many["x_m"][list(chosen)], few["y_m"] - many["y_m"][list(chosen)])
        cost = np.minimum(far, scoring.NEAR_M) ** 2
        best = min(best, float(cost.sum()) + scoring.NEAR_M**2 / 2 * (len(many) - len(few)))
    return float(np.sqrt(best))


def test_gospa_is_the_least_over_all_assignments() -> None:
    rng = np.random.default_rng(3)
    values, each = [], []
    for frame in range(40):
        people, tracks = rng.integers(1, 6, 2)
        real, seen = truth(1, int(people)), shown(truth(1, int(tracks)))
        for rows in (real, seen):
            rows["frame"] = frame
            rows["x_m"], rows["y_m"] = rng.random((2, len(rows))) * 5
        each.append((real, seen))
        values.append(gospa_by_trying(real, seen))
    real, seen = (np.concatenate([pair[k] for pair in each]) for k in (0, 1))
    assert scoring.gospa(real, seen) == pytest.approx(np.mean(values), abs=1e-9)


def test_errors_that_were_put_in_are_the_errors_that_come_out() -> None:
    real = np.concatenate([truth(20, 3), truth(20, 2, Kind.PEDESTRIAN, apart_m=35.0, mps=1.5)])
    real["id"][60:] += 50
    real = real[np.argsort(real["frame"], kind="stable")]
    tracks = shown(real)
    tracks["x_m"] += 0.6
    tracks["speed_mps"] += 0.3
    tracks["heading_rad"] = (tracks["heading_rad"] - np.radians(np.where(tracks["kind"] == Kind.MOTOR, 2.0, 20.0))) % 7
    found = scoring.figures(real, tracks)
    assert found["position_p95_m"] == pytest.approx(0.6) and found["speed_p95_mps"] == pytest.approx(0.3)
    assert found["heading_p95_deg"] == found["car_heading_p95_deg"] == pytest.approx(2.0)  # overall: of vehicles
    assert found["pedestrian_heading_p95_deg"] == pytest.approx(20.0)
    assert (found["recall"], found["false_share"], found["idf1"], found["mota"]) == (1, 0, 1, 1)
    assert found["cyclist_recall"] != found["cyclist_recall"]  # nobody there: no value, not a perfect one


def test_whom_nobody_could_see_is_neither_missed_nor_false() -> None:
    real = truth(20, 3)
    real["due"][real["id"] == 2] = False
    everybody, without = shown(real), shown(real[real["id"] != 2])
    for tracks in (everybody, without):
        found = scoring.figures(real, tracks)
        assert (found["recall"], found["false_share"]) == (1, 0)
    ghost = everybody.copy()
    ghost["y_m"][ghost["id"] == 102] += 5  # beside the one who could not be seen: of nobody
    assert scoring.figures(real, ghost)["false_share"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("unseen", "switches"), [(20, 1), (40, 0)])
def test_another_number_after_more_than_three_seconds_unseen_is_no_switch(unseen: int, switches: int) -> None:
    real = truth(100, 1)
    real["due"][30 : 30 + unseen] = False
    tracks = shown(real)
    tracks["id"][real["frame"] >= 30 + unseen] = 777
    found = scoring.figures(real, tracks[real["due"]])
    assert found["switches"] == switches and found["recall"] == 1
    assert (found["idf1"] == 1) == (switches == 0)
