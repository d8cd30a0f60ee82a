"""Short frames: put together with their key they are the whole ones, for a viewer that skips as it likes."""

import asyncio

import numpy as np
import pytest

from jinyun.centre.deltas import BODY, Deltas
from jinyun.centre.live import Hub
from jinyun.net import columns


def frame(seq, ids, rng, **meta):
    n = len(ids)
    tracks = {
        "id": np.array(ids, np.uint32), "kind": np.array([1 + id % 3 for id in ids], np.uint8),
        "class": np.full(n, 10, np.uint8), "x_m": rng.random(n).astype(np.float32), "y_m": rng.random(n).astype(np.float32),
        "length_m": np.array([np.nan if id % 5 == 0 else id % 7 for id in ids], np.float32),
        "width_m": np.full(n, 1.8, np.float32), "height_m": np.full(n, np.nan, np.float32),
    }  # fmt: skip
    signals = {"node": np.array([3], np.uint16)}
    return columns.pack({"tracks": tracks, "signals": signals}, {"kind": "frame", "seq": seq, "zone": "z", **meta})


def whole(short, key):
    """Put a short frame and its key together, track by track."""
    meta, tables = columns.unpack(short)
    _, base = columns.unpack(key)
    told = {id: k for k, id in enumerate(tables["bodies"]["id"].tolist())}
    known = {id: k for k, id in enumerate(base["tracks"]["id"].tolist())}
    tracks = dict(tables["tracks"])
    for name in BODY:
        tracks[name] = np.array(
            [
                tables["bodies"][name][told[id]] if id in told else base["tracks"][name][known[id]]
                for id in tracks["id"].tolist()
            ],
            base["tracks"][name].dtype,
        )
    return {key: value for key, value in meta.items() if key != "base"}, tracks


def test_every_short_frame_and_its_key_are_the_whole_one_and_it_is_shorter():
    rng, deltas, keys, short = np.random.default_rng(1), Deltas(), {}, 0
    ids = list(range(1, 60))
    for seq in range(100, 140):
        ids = [id for id in ids if rng.random() > 0.02] + [1000 + seq]
        sent = frame(seq, ids, rng)
        offer = deltas.offer(sent)
        assert offer.whole == sent
        if offer.short is None:
            keys[seq] = sent
            assert offer.base == seq
            continue
        short += 1
        assert len(offer.short) < len(sent)
        meta, tracks = whole(offer.short, keys[offer.base])
        expected_meta, expected = columns.unpack(sent)
        assert meta == expected_meta
        for name, column in expected["tracks"].items():
            np.testing.assert_array_equal(tracks[name], column)
    assert sorted(keys) == [100, 110, 120, 130]
    assert short == 36


def test_another_street_a_gap_or_a_body_that_changes_needs_no_luck():
    rng, deltas = np.random.default_rng(2), Deltas()
    deltas.offer(frame(1, [1, 2, 3], rng))
    assert deltas.offer(frame(2, [1, 2, 3], rng, clock="replay")).short is None  # another clock begins anew
    assert deltas.offer(frame(50, [1, 2, 3], rng, clock="replay")).short is None
    ids = list(range(40))
    deltas.offer(key := frame(51, ids, rng, zone="y"))
    other = columns.unpack(frame(52, ids, rng, zone="y"))[1]
    other["tracks"]["kind"] = np.where(np.arange(40) == 7, 9, other["tracks"]["kind"]).astype(np.uint8)
    offer = deltas.offer(columns.pack(other, {"kind": "frame", "seq": 52, "zone": "y"}))
    assert columns.unpack(offer.short)[1]["bodies"]["id"].tolist() == [7]
    assert whole(offer.short, key)[1]["kind"][7] == 9
    assert deltas.offer(b"nonsense") == (b"nonsense", None, -1)


@pytest.mark.parametrize("wants", [False, True])
def test_a_viewer_gets_short_frames_only_if_it_asks_and_has_their_key(wants):
    async def look():
        rng, hub = np.random.default_rng(3), Hub()
        slot = hub.join()
        if wants:
            slot.asked("deltas")
        got = []
        for seq in range(1, 26):
            hub.show(frame(seq, list(range(30)), rng))
            if seq not in (11, 12, 13):  # it misses a key and what follows
                got.append((seq, "base" in columns.unpack((await slot.next())[1])[0]))
        return got

    got = dict(asyncio.run(look()))
    assert not got[1]
    assert got[2] == got[10] == wants
    assert not any(got[seq] for seq in range(14, 22))  # until the next key, which it gets whole
    assert got[22] == got[25] == wants
