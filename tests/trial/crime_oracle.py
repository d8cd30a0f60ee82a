"""Values of commonroad-crime on tracks of ours; runs in an environment that has it: ``python crime_oracle.py > values.json``.

``behind``: two cars on one straight lane, the one behind at 20 m/s, the one ahead at 10 m/s, 40 m apart from middle to middle.
``across``: one drives east at 10 m/s from 30 m before the origin, the other north at 8 m/s from 32 m before it.
All are 4.5 by 2 m. The first of each scene is the one that is measured.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

import numpy as np

STEP_S = 0.1
SCENES: dict[str, tuple[int, tuple[tuple[float, float, float, float], ...]]] = {
    "behind": (30, ((0.0, 0.0, 0.0, 20.0), (40.0, 0.0, 0.0, 10.0))),
    "across": (60, ((-30.0, 0.0, 0.0, 10.0), (0.0, -32.0, math.pi / 2, 8.0))),
}
"""By name: steps, and of each car x, y [m], heading [rad] and speed [m/s] at the beginning; they keep speed and heading."""


def scenario(name: str) -> Any:
    from commonroad.geometry.shape import Rectangle
    from commonroad.prediction.prediction import TrajectoryPrediction
    from commonroad.scenario.lanelet import Lanelet
    from commonroad.scenario.obstacle import DynamicObstacle, ObstacleType
    from commonroad.scenario.scenario import Scenario, ScenarioID
    from commonroad.scenario.state import InitialState, KSState
    from commonroad.scenario.trajectory import Trajectory

    made = Scenario(STEP_S, ScenarioID.from_benchmark_id("ZAM_Jinyun-1_1_T-1", "2020a"))
    along = np.linspace(-60, 400, 231)
    steps, cars = SCENES[name]
    for number, (y, h) in enumerate({(y if h == 0 else 0.0, h) for _, y, h, _ in cars}):
        c, s = math.cos(h), math.sin(h)
        lane = [np.column_stack([along * c - d * s, along * s + d * c + y * c]) for d in (1.75, 0.0, -1.75)]
        made.add_objects(Lanelet(lane[0], lane[1], lane[2], 1000 + number))
    for number, (x, y, h, v) in enumerate(cars, 1):

        def place(k: int, x: float = x, y: float = y, h: float = h, v: float = v) -> Any:
            return np.array([x + v * k * STEP_S * math.cos(h), y + v * k * STEP_S * math.sin(h)])

        states = [
            KSState(time_step=k, position=place(k), velocity=v, orientation=h, steering_angle=0.0)
            for k in range(1, steps + 1)
        ]
        first = InitialState(
            time_step=0, position=place(0), velocity=v, orientation=h, acceleration=0.0, yaw_rate=0.0, slip_angle=0.0
        )
        shape = Rectangle(4.5, 2.0)
        made.add_objects(
            DynamicObstacle(number, ObstacleType.CAR, shape, first, TrajectoryPrediction(Trajectory(1, states), shape))
        )
    made.assign_obstacles_to_lanelets()
    return made


def main() -> None:
    from commonroad_crime.data_structure.configuration import CriMeConfiguration
    from commonroad_crime.measure import DCE, HW, TET, THW, TIT, TTC, TTCE, ALongReq

    found: dict[str, dict[str, float | None]] = {}
    for name in SCENES:
        config = CriMeConfiguration()
        config.vehicle.ego_id = 1
        config.update(sce=scenario(name))
        values: dict[str, float | None] = found.setdefault(name, {})
        for measure in (HW, THW, TTC, TTCE, DCE, ALongReq, TET, TIT) if name == "behind" else (TTCE, DCE):
            try:
                value = measure(config).compute(2, 0)
                values[measure.__name__] = (
                    None if value is None or not math.isfinite(float(value)) else round(float(value), 9)
                )
            except Exception as error:  # said beside the values that there are
                print(f"{name}: {measure.__name__}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
