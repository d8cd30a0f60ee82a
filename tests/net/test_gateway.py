"""The RSU gateway's envelope, byte by byte as its document describes it."""

import pytest

from jinyun.net.gateway import EnvelopeError, unwrap, wrap


def test_the_documented_layout_of_a_bsm_envelope() -> None:
    data = wrap("R328328", 1_605_312_000_123, "bsm", [b"\x01\x02", b"\x03"])
    assert data[:8] == b"R328328 "
    assert int.from_bytes(data[8:16], "little") == 1_605_312_000_123
    assert data[16:] == b"\x02" + b"\x02\x00\x01\x02" + b"\x01\x00\x03"
    assert unwrap(data, "bsm") == ("R328328", 1_605_312_000_123, [b"\x01\x02", b"\x03"])


def test_other_messages_carry_one_frame_without_a_count() -> None:
    data = wrap("RSU1", 5, "spat", [b"abc"])
    assert data[16:] == b"\x03\x00abc"
    assert unwrap(data, "spat").frames == [b"abc"]
    with pytest.raises(ValueError, match="one frame"):
        wrap("RSU1", 5, "map", [])


@pytest.mark.parametrize("message", ["bsm", "rsm"])
def test_every_cut_and_every_surplus_byte_is_refused(message: str) -> None:
    data = wrap("RSU1", 5, message, [b"abcdef"])
    for length in range(len(data)):
        with pytest.raises(EnvelopeError):
            unwrap(data[:length], message)
    with pytest.raises(EnvelopeError, match="trailer"):
        unwrap(data + b"\0", message)


def test_an_id_that_is_no_text_is_shown_as_hex() -> None:
    assert unwrap(wrap("", 5, "map", [b"x"]).replace(b" " * 8, bytes(8), 1), "map").rsu == "0000000000000000"
