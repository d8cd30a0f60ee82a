"""A real radar's recording gives stable, smooth tracks, by its numbers and without them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cloud import radar
from tests.conftest import shared

RECORDED = "roadside/radar-tracks-xiongan.json"


@pytest.mark.parametrize("numbers", [True, False])
def test_every_vehicle_of_the_recording_is_one_smooth_track_from_beginning_to_end(numbers: bool) -> None:
    shown = radar.fuse(shared(RECORDED), numbers)
    found = radar.figures(shown)
    assert found["radar_numbers"] == found["numbers_followed"] == found["tracks"] == found["whole_span"] == 45
    assert found["switches"] == found["gaps"] == found["short_tracks"] == 0
    assert found["accel_mps2_p95"] < 2.0  # an ordinary driver
    assert found["wobble_m_p95"] < found["radar_wobble_m_p95"] < 0.1  # steadier than the radar's own places
    assert radar.picture(shown).startswith(b"\x89PNG")


def test_exchanged_numbers_and_a_swerving_line_are_noticed() -> None:
    """The figures can fail: tracks that exchange their names, and a way that wobbles by a foot."""
    shown = radar.fuse(shared(RECORDED))
    for t_us, tracks in shown.frames[60:]:
        tracks.setflags(write=True)
        one, two = (tracks["id"] == id for id in (1, 2))
        tracks["id"][one], tracks["id"][two] = 2, 1
        tracks["x_m"] += 0.3 * np.sin(t_us / 1e5)
    found = radar.figures(shown)
    assert found["switches"] == 2 and found["wobble_m_p95"] > 0.15
