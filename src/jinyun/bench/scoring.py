"""Scoring tracks against the truth: motmetrics for MOTA, IDF1, recall and precision; HOTA and GOSPA by their definitions.

Only the truth and the published tracks are read; nothing of the fusion is used. A participant that nobody could see (no
sensor in reach, hidden, and silent) is *indifferent*: to show it or not is neither right nor wrong, so tracks of such are
left out before anything is counted, as in the MOT benchmarks. An identity has to last as long as somebody can see its
participant; after more than three seconds unseen it is another *passage*, because no observation could join the two.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from jinyun.shapes import Kind

NEAR_M = 2.0
"""A track farther from a participant than this is not a track of it (MOTA, IDF1, GOSPA); HOTA's similarity is 0 there."""
UNSEEN_FRAMES = 30
"""Frames (of 0.1 s) after which a participant that could not be seen begins a new passage."""
MOVING_MPS = 1.0
"""Headings are judged above this speed."""
THIS_FAR_APART_M = 1000.0
"""Frames are laid so far apart that nothing in one is near anything in another."""
ALPHAS = np.arange(0.05, 0.99, 0.05)
CLASSES = {"car": Kind.MOTOR, "cyclist": Kind.NON_MOTOR, "pedestrian": Kind.PEDESTRIAN}

TRUE = np.dtype(
    [
        ("frame", np.int64), ("id", np.int64), ("kind", np.uint8), ("x_m", np.float64), ("y_m", np.float64),
        ("speed_mps", np.float64), ("heading_rad", np.float64), ("due", np.bool_),
    ]
)  # fmt: skip
"""A participant as it really was; ``due`` where a sensor or its own unit could say so."""
SHOWN = np.dtype([(name, TRUE[name]) for name in (TRUE.names or ())[:-1]])
"""A track as it was published."""


@dataclass(frozen=True)
class Pairs:
    """Rows of the truth and of the tracks that stand for each other, and their distance (m)."""

    true: NDArray[np.int64]
    shown: NDArray[np.int64]
    far_m: NDArray[np.float64]


def passages(truth: NDArray[np.void]) -> NDArray[np.int64]:
    """Return for each row a number of its participant's passage (only that of ``due`` rows means anything)."""
    passage = np.zeros(len(truth), np.int64)
    due = np.flatnonzero(truth["due"])
    order = due[np.lexsort((truth["frame"][due], truth["id"][due]))]
    frame, id = truth["frame"][order], truth["id"][order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (id[1:] != id[:-1]) | (frame[1:] - frame[:-1] > UNSEEN_FRAMES)
    passage[order] = np.cumsum(new)
    return passage


def near(truth: NDArray[np.void], shown: NDArray[np.void]) -> Pairs:
    """Return all pairs of one frame that are nearer than :data:`NEAR_M`."""
    places = [
        cKDTree(np.column_stack([rows["x_m"], rows["y_m"], rows["frame"] * THIS_FAR_APART_M]))
        for rows in (truth, shown)
    ]
    found = places[0].sparse_distance_matrix(places[1], NEAR_M, output_type="ndarray")
    order = np.lexsort((found["j"], found["i"]))
    return Pairs(found["i"][order].astype(np.int64), found["j"][order].astype(np.int64), found["v"][order])


def one_to_one(pairs: Pairs, cost: NDArray[np.float64], true: int, shown: int) -> NDArray[np.int64]:
    """Return which pairs to keep so that as many as possible stay, each row in one, at the least cost among those."""
    if not len(cost):
        return np.empty(0, np.int64)
    graph = coo_matrix((np.ones(len(cost)), (pairs.true, true + pairs.shown)), shape=(true + shown,) * 2)
    _, component = connected_components(graph, directed=False)
    of_pair = component[pairs.true]
    sizes = np.bincount(of_pair)
    kept = [np.flatnonzero(sizes[of_pair] == 1)]
    order = np.argsort(of_pair, kind="stable")
    begins = np.flatnonzero(np.diff(of_pair[order], prepend=-1))
    for members in np.split(order, begins[1:]):
        if len(members) > 1:
            rows, a = np.unique(pairs.true[members], return_inverse=True)
            columns, b = np.unique(pairs.shown[members], return_inverse=True)
            matrix = np.full((len(rows), len(columns)), 1e6)
            matrix[a, b] = cost[members]
            which = np.full(matrix.shape, -1)
            which[a, b] = members
            chosen = which[linear_sum_assignment(matrix)]
            kept.append(chosen[chosen >= 0])
    return np.sort(np.concatenate(kept))


def counted(truth: NDArray[np.void], shown: NDArray[np.void]) -> NDArray[np.bool_]:
    """Return which tracks count: those that are not of a participant nobody could see."""
    pairs = near(truth, shown)
    indifferent = ~truth["due"][pairs.true]
    kept = one_to_one(pairs, pairs.far_m + NEAR_M * indifferent, len(truth), len(shown))
    counts = np.ones(len(shown), np.bool_)
    counts[pairs.shown[kept][indifferent[kept]]] = False
    return counts


def shares(truth: NDArray[np.void], shown: NDArray[np.void]) -> tuple[float, float, float]:
    """Return (recall, share of false tracks, 95th percentile of the place's error in m) without regard to identities.

    Each frame for itself, so that it is quick: nearest pairs instead of motmetrics' matches, which go on as long as they can.
    """
    shown = shown[counted(truth, shown)]
    truth = truth[truth["due"]]
    pairs = near(truth, shown)
    kept = one_to_one(pairs, pairs.far_m, len(truth), len(shown))
    hits = len(kept)
    return hits / max(len(truth), 1), 1 - hits / max(len(shown), 1), _p95(pairs.far_m[kept])


def figures(truth: NDArray[np.void], shown: NDArray[np.void]) -> dict[str, float]:
    """Return the figures of all classes together and of each (``car_recall`` ...); both tables ordered by frame."""
    passage = passages(truth)
    shown = shown[counted(truth, shown)]
    due = truth["due"]
    truth, passage = truth[due], passage[due]
    found = _of_one(truth, passage, shown, headed=truth["kind"] != Kind.PEDESTRIAN)
    for name, kind in CLASSES.items():
        of_kind = truth["kind"] == kind
        its = _of_one(
            truth[of_kind], passage[of_kind], shown[shown["kind"] == kind], np.ones(int(of_kind.sum()), np.bool_)
        )
        found |= {f"{name}_{key}": value for key, value in its.items()}
    return found


def _of_one(
    truth: NDArray[np.void], passage: NDArray[np.int64], shown: NDArray[np.void], headed: NDArray[np.bool_]
) -> dict[str, float]:
    """Return one class's figures; ``headed`` says whose headings are judged (of all classes: vehicles')."""
    matched, found = _by_motmetrics(truth, passage, shown)
    a, b = truth[matched[:, 0]], shown[matched[:, 1]]
    off_m = np.hypot(a["x_m"] - b["x_m"], a["y_m"] - b["y_m"])
    off_mps = np.abs(a["speed_mps"] - b["speed_mps"])
    turned = np.abs((a["heading_rad"] - b["heading_rad"] + np.pi) % (2 * np.pi) - np.pi)
    moving = (a["speed_mps"] > MOVING_MPS) & headed[matched[:, 0]]
    return found | {
        "position_p95_m": _p95(off_m),
        "speed_p95_mps": _p95(off_mps),
        "heading_p95_deg": float(np.degrees(_p95(turned[moving]))),
        "hota": hota(truth, passage, shown),
        "gospa_m": gospa(truth, shown),
    }


def _p95(values: NDArray[np.float64]) -> float:
    return float(np.percentile(values, 95)) if len(values) else float("nan")


def _by_motmetrics(
    truth: NDArray[np.void], passage: NDArray[np.int64], shown: NDArray[np.void]
) -> tuple[NDArray[np.int64], dict[str, float]]:
    """Return (rows of truth and tracks that motmetrics matched, its figures)."""
    with warnings.catch_warnings():  # what it imports warns of its own dependencies
        warnings.simplefilter("ignore")
        import motmetrics  # type: ignore[import-untyped]

        account = motmetrics.MOTAccumulator()
        frames = np.unique(np.concatenate([truth["frame"], shown["frame"]]))
        for frame in frames.tolist():
            a = slice(*np.searchsorted(truth["frame"], [frame, frame + 1]))
            b = slice(*np.searchsorted(shown["frame"], [frame, frame + 1]))
            dx = truth["x_m"][a][:, None] - shown["x_m"][b]
            dy = truth["y_m"][a][:, None] - shown["y_m"][b]
            far = np.hypot(dx, dy)
            far[far > NEAR_M] = np.nan
            # a row is named by passage or track and by its place in the table, so that matches can be looked up
            account.update(passage[a], shown["id"][b], far, frameid=frame)
        host = motmetrics.metrics.create()
        names = ["mota", "idf1", "recall", "precision", "num_switches"]
        table = host.compute(account, metrics=names, name="all").iloc[0]
        events = account.mot_events
    events = events[events.Type.isin(["MATCH", "SWITCH", "TRANSFER", "ASCEND", "MIGRATE"])].reset_index()
    matched = np.column_stack(
        [
            _rows_of(truth["frame"], passage, events.FrameId.to_numpy(), events.OId.to_numpy()),
            _rows_of(shown["frame"], shown["id"], events.FrameId.to_numpy(), events.HId.to_numpy()),
        ]
    )
    return np.unique(matched, axis=0), {
        "recall": float(table["recall"]),
        "false_share": 1 - float(table["precision"]),
        "mota": float(table["mota"]),
        "idf1": float(table["idf1"]),
        "switches": float(table["num_switches"]),
    }


def _rows_of(
    frames: NDArray[np.int64], ids: NDArray[np.int64], frame: NDArray[Any], id: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the rows with these frames and ids (each is there once)."""
    key = frames * (1 << 32) + ids
    order = np.argsort(key)
    rows: NDArray[np.int64] = order[
        np.searchsorted(key[order], frame.astype(np.int64) * (1 << 32) + id.astype(np.int64))
    ]
    return rows


def hota(truth: NDArray[np.void], passage: NDArray[np.int64], shown: NDArray[np.void]) -> float:
    """Return HOTA (Luiten et al., IJCV 129, 2021) with similarity 1 - distance / :data:`NEAR_M`, mean over its thresholds."""
    if not len(truth) or not len(shown):
        return 0.0
    pairs = near(truth, shown)
    alike = 1 - pairs.far_m / NEAR_M
    _, a = np.unique(passage, return_inverse=True)
    _, b = np.unique(shown["id"], return_inverse=True)
    count_a, count_b = np.bincount(a), np.bincount(b)
    both = a[pairs.true].astype(np.int64) * len(count_b) + b[pairs.shown]
    sum_true = np.bincount(pairs.true, alike, len(truth))[pairs.true]
    sum_shown = np.bincount(pairs.shown, alike, len(shown))[pairs.shown]
    codes, code = np.unique(both, return_inverse=True)
    together = np.bincount(code, alike / np.maximum(sum_true + sum_shown - alike, 1e-9))
    total = count_a[codes // len(count_b)] + count_b[codes % len(count_b)]
    aligned = together / np.maximum(total - together, 1e-9)
    kept = one_to_one(pairs, 1 - aligned[code] * alike, len(truth), len(shown))
    scores = []
    for alpha in ALPHAS:
        hits = kept[alike[kept] >= alpha - 1e-9]
        matches = np.bincount(code[hits], minlength=len(codes))
        detection = len(hits) / max(len(truth) + len(shown) - len(hits), 1)
        association = float((matches * matches / np.maximum(total - matches, 1)).sum()) / max(len(hits), 1)
        scores.append(np.sqrt(detection * association))
    return float(np.mean(scores))


def gospa(truth: NDArray[np.void], shown: NDArray[np.void]) -> float:
    """Return the mean GOSPA over frames (Rahmathullah et al., 2017; p = 2, alpha = 2, c = :data:`NEAR_M`), in metres."""
    frames = np.unique(np.concatenate([truth["frame"], shown["frame"]]))
    if not len(frames):
        return 0.0
    pairs = near(truth, shown)
    kept = one_to_one(pairs, pairs.far_m**2, len(truth), len(shown))
    at = np.searchsorted(frames, truth["frame"][pairs.true[kept]])
    hits = np.bincount(at, minlength=len(frames))
    far = np.bincount(at, pairs.far_m[kept] ** 2, len(frames))
    of_truth = np.bincount(np.searchsorted(frames, truth["frame"]), minlength=len(frames))
    of_shown = np.bincount(np.searchsorted(frames, shown["frame"]), minlength=len(frames))
    return float(np.sqrt(far + NEAR_M**2 / 2 * (of_truth + of_shown - 2 * hits)).mean())
