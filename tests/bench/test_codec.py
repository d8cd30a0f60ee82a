"""The codec's bench measures what it says, in the shape that the README's table is made from."""

from __future__ import annotations

import random

import pytest

from jinyun.bench import codec
from jinyun.net import csae


def test_measure_has_every_figure_and_says_on_what_machine() -> None:
    pytest.importorskip("asn1tools")
    result = codec.measure(seconds=0.5)
    assert result["bench"] == "codec"
    assert result["machine"]["python"]
    figures = result["figures"]
    for name in (
        "bsm_decode_batch_vs_asn1tools",
        "rsm16_decode_batch_vs_asn1tools",
        "spat_decode_batch_vs_asn1tools",
        "map_decode_batch_vs_asn1tools",
        "bsm_encode_batch_vs_asn1tools",
        "rsm16_encode_batch_vs_asn1tools",
        "general_decode_vs_asn1tools",
        "general_encode_vs_asn1tools",
        "bsm_decode_batch_per_s",
    ):
        assert figures[name] > 0
    assert all(isinstance(value, float) for value in figures.values())
    assert result["peers"]["asn1tools"]["map_decode_per_s"] > 0


def test_measured_messages_are_what_they_are_called() -> None:
    rng = random.Random(1)
    (bsm,) = codec.messages("bsm", 1, rng)
    (rsm,) = codec.messages("rsm16", 1, rng)
    (spat,) = codec.messages("spat", 1, rng)
    assert len(bsm) == 49
    assert len(csae.decode(rsm)[1]["participants"]) == 16
    phases = csae.decode(spat)[1]["intersections"][0]["phases"]
    assert [len(phase["phaseStates"]) for phase in phases] == [3] * 8
