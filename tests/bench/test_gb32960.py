"""The GB/T 32960 bench measures what it says, in the shape that the README's table is made from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from jinyun.bench import gb32960
from jinyun.net.gbt32960 import decode
from jinyun.net.gbt32960.plausible import check

OURS = ("realtime_decode_per_s", "realtime_decode_mb_per_s", "general_decode_per_s", "general_encode_per_s",
        "endpoint_reports_per_s", "packets", "packet_bytes")  # fmt: skip
AGAINST = ("vs_rtm_con", "general_vs_rtm_con")


def test_measure_has_every_figure_and_says_on_what_machine() -> None:
    result = gb32960.measure(seconds=0.5)
    assert result["bench"] == "gb32960" and result["machine"]["python"]
    figures = result["figures"]
    assert all(isinstance(value, float) and math.isfinite(value) and value > 0 for value in figures.values())
    assert set(OURS) <= set(figures)
    installed = gb32960._other() is not None
    assert all((name in figures) == installed for name in AGAINST)
    assert ("not installed" in result["peers"]["rtm_con"]) != installed


def test_without_the_peer_and_the_recordings_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gb32960, "_other", lambda: None)
    monkeypatch.setattr(gb32960, "RECORDED", Path("nowhere"))
    result = gb32960.measure(seconds=0.2)
    assert set(result["figures"]) == set(OURS)
    assert result["peers"] == {"packets": "made", "rtm_con": "not installed: pip install rtm-con openpyxl"}


def test_made_reports_are_plausible_and_each_of_another_vehicle() -> None:
    frames = gb32960.window(gb32960.made(4), 6)
    packets = [decode(frame) for frame in frames]
    assert len({packet.vin for packet in packets}) == 6 and {packet.edition for packet in packets} == {2016, 2025}
    assert [check(packet) for packet in packets] == [[]] * 6
    assert 200 < len(frames[0]) < 900
