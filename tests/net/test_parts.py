"""Long messages in parts."""

import random

from hypothesis import given
from hypothesis import strategies as st

from jinyun.net import parts
from jinyun.net.broker import MAX_PAYLOAD


def test_every_part_is_taken_by_the_broker_and_the_whole_comes_back_in_any_order() -> None:
    rng = random.Random(1)
    for size in (0, 1, parts.PART_BYTES, parts.PART_BYTES + 1, 5 * parts.PART_BYTES, 1_234_567):
        message = rng.randbytes(size)
        payloads = parts.cut(message, 7)
        assert all(len(payload) <= MAX_PAYLOAD for payload in payloads)
        rng.shuffle(payloads)
        joiner = parts.Joiner()
        got = [joiner.take(payload) for payload in payloads]
        assert got[:-1] == [None] * (len(payloads) - 1)
        assert got[-1] == message


def test_a_message_that_lost_a_part_costs_itself_alone() -> None:
    one, other = (bytes([n]) * 500_000 for n in (1, 2))
    joiner = parts.Joiner()
    for payload in parts.cut(one, 1)[:2]:
        assert joiner.take(payload) is None
    assert [joiner.take(payload) for payload in parts.cut(other, 2)][-1] == other


@given(st.binary(max_size=40))
def test_nonsense_is_never_put_together(tail: bytes) -> None:
    joiner = parts.Joiner()
    got = joiner.take(parts.MAGIC + tail)
    assert got is None or isinstance(got, bytes)
