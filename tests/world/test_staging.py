"""What is laid over the street's picture, on a street written out by hand."""

from jinyun.world.staging.picture import Overlay
from jinyun.world.street import HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP
from tests.world.scenes import scene


def test_a_deed_s_turn_lamp_burns_instead_of_the_driver_s_own_and_all_else_stays():
    now = scene({}, {})
    now.doing["lights"] = LEFT_LAMP | HAZARD_LAMPS, LEFT_LAMP
    shown = Overlay(doing={1: {"lights": RIGHT_LAMP}}).on(now)
    assert shown.doing["lights"].tolist() == [RIGHT_LAMP | HAZARD_LAMPS, LEFT_LAMP]
    assert now.doing["lights"].tolist() == [LEFT_LAMP | HAZARD_LAMPS, LEFT_LAMP], "the street itself is as it was"


def test_who_is_laid_aside_is_moved_across_its_heading_and_turned():
    shown = Overlay(aside={1: (2.0, 0.1)}).on(scene({"heading": 0.0}))
    assert (shown.x_m[0], shown.y_m[0], shown.heading_rad[0]) == (2.0, 0.0, 0.1)
