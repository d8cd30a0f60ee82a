"""The street without a broker: who looks once a second sees the same street as who looks at every step."""

from __future__ import annotations

from jinyun.hdmap import Map
from jinyun.world.offline import Conditions, moments, second
from jinyun.world.street import Street
from jinyun.zone import Zone


def test_a_street_looked_at_once_a_second_stays_peopled_and_its_seconds_are_full(here: Zone, precise_map: Map) -> None:
    street = Street(here, precise_map, 5)
    try:
        looks = [now for now in (second(street) for _ in range(600)) if now is not None]
    finally:
        street.close()
    assert len(looks) == 60
    assert all(abs(now.time_s - round(now.time_s)) < 1e-6 for now in looks)
    assert looks[-1].vehicles > 0.9 * looks[0].vehicles
    assert looks[-1].persons > 0.9 * looks[0].persons


def test_moments_are_those_of_the_street_that_was_asked_for(here: Zone, precise_map: Map) -> None:
    class Empty(Street):
        def _wanted(self) -> dict[str, int]:
            return dict.fromkeys(super()._wanted(), 0)

    moment = next(iter(moments(here, precise_map, {"clear": Conditions()}, 1.0, 5, Empty)))
    assert moment.now.persons == 0
    assert 0 < moment.now.vehicles <= sum(line.vehicles for line in here.lines)
