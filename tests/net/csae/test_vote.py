"""The layout of a sender is pinned by several of its messages, kept, and changed only by as many that say so."""

from __future__ import annotations

import random

import pytest

from jinyun.net import csae
from jinyun.net.csae import DialectVote
from jinyun.net.csae.types import dictionary
from tests.net.csae.oracle import EMBEDDED, random_value


def maps(layout: str, count: int, seed: int) -> list[bytes]:
    """Return MAP messages that only their own layout accepts."""
    rng = random.Random(seed)
    found: list[bytes] = []
    while len(found) < count:
        data = csae.encode("mapFrame", random_value(dictionary(layout), "MapData", rng), layout)
        try:
            csae.decode(data, "B" if layout == "A" else "A")
        except csae.CsaeError:
            found.append(data)
    return found


def test_a_sender_of_layout_b_is_pinned_after_three_messages_and_read_right_from_the_first() -> None:
    vote = DialectVote()
    decided = []
    for data in maps("B", 5, 1):
        name, value, pinned = vote.decode(data)
        assert csae.encode(name, value, "B") == data
        decided.append(pinned)
    assert decided[:2] == [None, None]
    assert decided[2] == csae.Pinned("B", None, 3)
    assert decided[3:] == [None, None]
    assert (vote.pinned, vote.dialect) == ("B", "B")


def test_messages_alike_in_both_layouts_decide_nothing() -> None:
    vote = DialectVote("A158")
    for _, text in EMBEDDED[:4] * 5:
        assert vote.decode(bytes.fromhex(text))[2] is None
    assert vote.pinned is None and vote.dialect == "A158"


def test_one_odd_message_changes_nothing_but_several_are_reported() -> None:
    vote = DialectVote()
    for data in maps("A", 3, 2):
        vote.decode(data)
    assert vote.pinned == "A"
    strange = maps("B", 5, 3)
    assert [vote.decode(data)[2] for data in strange[:2]] == [None, None]
    vote.decode(maps("A", 1, 4)[0])  # back to normal: the count begins anew
    changes = [vote.decode(data)[2] for data in strange[2:]]
    assert changes == [None, None, csae.Pinned("B", "A", 3)]
    assert vote.dialect == "B"


def test_what_neither_layout_accepts_is_refused_and_does_not_vote() -> None:
    vote = DialectVote(needed=1)
    with pytest.raises(csae.CsaeError):
        vote.decode(b"\x10\x00")
    assert vote.pinned is None
    with pytest.raises(ValueError, match="dialect"):
        DialectVote("C")


def test_random_messages_of_either_layout_pin_that_layout() -> None:
    for layout in "AB":
        rng = random.Random(layout)
        vote = DialectVote()
        for _ in range(40):
            name, frame = rng.choice([("MapData", "mapFrame"), ("RoadSideInformation", "rsiFrame")])
            vote.decode(csae.encode(frame, random_value(dictionary(layout), name, rng), layout))
        assert vote.pinned == layout
