"""How long who may be quiet follows from how often its kind speaks."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.cloud import account
from jinyun.cloud.link import Links
from jinyun.cloud.sources import Sources
from jinyun.shapes import Finding

T0 = 1_795_000_040_000_000


@pytest.mark.parametrize(
    ("kind", "device", "spoke_s", "word"),
    [
        ("nev", "SIM00000000000001", 9.9, "online"),  # between two reports, ten seconds apart
        ("nev", "SIM00000000000001", 20.0, "late"),
        ("nev", "SIM00000000000001", 61.0, "silent"),
        ("rsu", "R1", 0.9, "online"),
        ("rsu", "R1", 4.0, "late"),
        ("rsu", "R1", 5.1, "silent"),
        ("sensor", "S1", 5.1, "silent"),
    ],
)
def test_a_device_is_late_or_silent_by_how_often_its_kind_speaks(
    kind: str, device: str, spoke_s: float, word: str
) -> None:
    links, sources, findings = Links(zones.load(zones.find())), Sources(), list[Finding]()
    source = sources.find(kind, device)
    assert source is not None
    sources.tallies[source.row, account.LAST] = np.int64(T0)
    (row,) = (row for row in links.devices(sources, T0 + round(spoke_s * 1e6), findings) if row["id"] == device)
    assert row["state"] == word
    assert [finding.rule for finding in findings] == ["device.silent"] * (word == "silent")
