"""Playing OpenSCENARIO: event times of another player, laws of motion, the state machine."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from jinyun.trial.road import read as read_road
from jinyun.trial.scenario.reading import read_text
from jinyun.trial.storyboard.play import Played, play
from tests.trial.support import at_time, event, group, headway, placed, scenario, speed_action, state, straight_road


def played(folder: Path, text: bytes, dt: float = 0.01, most_s: float = 30.0) -> Played:
    road = read_road(straight_road(folder))
    return play(read_text(text, "test.xosc", folder), road, dt=dt, most_s=most_s)


def when(run: Played, kind: str, name: str, what: str) -> float:
    return next(t for t, k, n, w in run.log if (k, n, w) == (kind, name, what))


LANE_CHANGE = """<LateralAction><LaneChangeAction><LaneChangeActionDynamics dynamicsShape="sinusoidal" value="3"
dynamicsDimension="time"/><LaneChangeTarget><RelativeTargetLane entityRef="Ego" value="0"/></LaneChangeTarget>
</LaneChangeAction></LateralAction>"""


def test_the_cut_in_of_the_published_smoke_test_has_its_event_times(tmp_path: Path) -> None:
    """Act start 0.010 s, headway of 0.7 s at 7.740 s, manoeuvre end 16.740 s, stop 21.740 s (esmini's smoke test)."""
    faster = '<RelativeTargetSpeed entityRef="Ego" value="1.2" speedTargetValueType="factor" continuous="true"/>'
    events = (
        event("Faster", speed_action(faster), state("act", "Act", "startTransition", edge="none"), "overwrite")
        + event("Cut in", LANE_CHANGE, headway("Other", "Ego", 0.4), "overwrite")
        + event(
            "Brake",
            speed_action('<AbsoluteTargetSpeed value="0"/>', "linear", "rate", "-4"),
            headway("Other", "Ego", 0.7),
        )
    )
    init = placed("Ego", -3, 50, 30) + placed("Other", -2, 25, 0).replace('value="0.0"', 'value="0"')
    stop = f"<ConditionGroup>{state('maneuver', 'Maneuver', 'endTransition', delay=5, name='Stop')}</ConditionGroup>"
    run = played(tmp_path, scenario(init, group("Other", events), stop))
    assert when(run, "act", "Act", "start") == pytest.approx(0.010, abs=0.1)
    assert when(run, "event", "Brake", "start") == pytest.approx(7.740, abs=0.1)
    assert when(run, "maneuver", "Maneuver", "end") == pytest.approx(16.740, abs=0.1)
    assert when(run, "storyboard", "", "stop") == pytest.approx(21.740, abs=0.1)


def test_a_linear_rate_takes_the_time_and_the_metres_of_even_braking(tmp_path: Path) -> None:
    brake = speed_action('<AbsoluteTargetSpeed value="0"/>', "linear", "rate", "4")
    run = played(
        tmp_path,
        scenario(placed("Ego", -1, 10, 20), group("Ego", event("Brake", brake, at_time(1.0, "greaterOrEqual")))),
    )
    own = run.of("Ego")
    assert own["v_mps"][-1] == 0
    assert own["x_m"][-1] - 10 == pytest.approx(20 * 1.0 + 20**2 / (2 * 4), abs=0.05)


@pytest.mark.parametrize("shape", ["linear", "cubic", "sinusoidal"])
def test_every_shape_of_a_speed_change_covers_the_mean_speed_times_its_time(tmp_path: Path, shape: str) -> None:
    faster = speed_action('<AbsoluteTargetSpeed value="20"/>', shape, "time", "4")
    text = scenario(placed("Ego", -1, 0, 10), group("Ego", event("Faster", faster, at_time(0.0, "greaterOrEqual"))))
    own = played(tmp_path, text).of("Ego")
    began = np.flatnonzero(own["v_mps"] > 10)[0] - 1
    ended = np.flatnonzero(own["v_mps"] == 20)[0]
    assert own["t_s"][ended] - own["t_s"][began] == pytest.approx(4.0, abs=0.011)
    assert own["x_m"][ended] - own["x_m"][began] == pytest.approx(4 * 15, abs=0.1)


def test_a_lane_change_ends_in_the_middle_of_the_lane_and_keeps_the_length_of_the_way(tmp_path: Path) -> None:
    change = LANE_CHANGE.replace('<RelativeTargetLane entityRef="Ego" value="0"/>', '<AbsoluteTargetLane value="-2"/>')
    text = scenario(placed("Ego", -1, 0, 15), group("Ego", event("Change", change, at_time(1.0))))
    own = played(tmp_path, text).of("Ego")
    assert own["y_m"][-1] == pytest.approx(-1.5 * 3.5)
    steps = np.hypot(np.diff(own["x_m"]), np.diff(own["y_m"]))
    assert steps.sum() == pytest.approx(15 * own["t_s"][-1], rel=1e-4)


def test_an_edge_needs_a_value_before_it(tmp_path: Path) -> None:
    """A rising condition that is true when it is first looked at does not fire (ASAM OpenSCENARIO, conditions with edges)."""
    stop = speed_action('<AbsoluteTargetSpeed value="0"/>')
    early = event("Early", stop, at_time(-1.0, edge="rising", name="true from the first"))
    later = event("Later", stop, at_time(2.0, edge="rising"))
    run = played(tmp_path, scenario(placed("Ego", -1, 0, 15), group("Ego", early + later)), most_s=5)
    started = [name for _, kind, name, what in run.log if kind == "event" and what == "start"]
    assert started == ["Later"]


def test_an_overriding_event_stops_the_one_that_runs_and_a_skipped_one_never_runs(tmp_path: Path) -> None:
    slow = speed_action('<AbsoluteTargetSpeed value="0"/>', "linear", "time", "10")
    events = (
        event("First", slow, at_time(1.0))
        + event("Skipped", slow, at_time(2.0), "skip")
        + event("Second", speed_action('<AbsoluteTargetSpeed value="20"/>'), at_time(3.0), "override")
    )
    run = played(tmp_path, scenario(placed("Ego", -1, 0, 15), group("Ego", events)), most_s=12)
    log = [(name, what) for _, kind, name, what in run.log if kind == "event"]
    assert log == [("First", "start"), ("Skipped", "skip"), ("First", "stop"), ("Second", "start"), ("Second", "end")]
    assert run.of("Ego")["v_mps"][-1] == 20


def test_a_trajectory_passes_its_points_at_its_times(tmp_path: Path) -> None:
    points = "".join(
        f'<Vertex time="{t}"><Position><WorldPosition x="{x}" y="{y}" h="0"/></Position></Vertex>'
        for t, x, y in ((0, 100, -2), (4, 140, -2), (8, 140, -42))
    )
    follow = f"""<RoutingAction><FollowTrajectoryAction><TrajectoryRef><Trajectory name="T" closed="false">
<ParameterDeclarations/>
<Shape><Polyline>{points}</Polyline></Shape></Trajectory></TrajectoryRef><TimeReference>
<Timing domainAbsoluteRelative="relative" scale="1" offset="0"/></TimeReference>
<TrajectoryFollowingMode followingMode="position"/></FollowTrajectoryAction>
</RoutingAction>"""
    run = played(
        tmp_path,
        scenario(placed("Ego", -1, 100, 10), group("Ego", event("Follow", follow, at_time(1.0, "greaterOrEqual")))),
        most_s=9,
    )
    own = run.of("Ego")
    for t, x, y in ((5.0, 140, -2), (7.0, 140, -22), (9.0, 140, -42)):
        k = int(np.argmin(np.abs(own["t_s"] - t)))
        assert math.hypot(own["x_m"][k] - x, own["y_m"][k] - y) < 0.11


def test_the_same_scenario_plays_the_same_twice(tmp_path: Path) -> None:
    text = scenario(placed("Ego", -1, 0, 15), group("Ego", event("Change", LANE_CHANGE, at_time(1.0))))
    assert (played(tmp_path, text).rows == played(tmp_path, text).rows).all()
