"""Words for what is done (状态与理由): which state a plan is shown as, and what binds it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from jinyun.vehicle.shuttle.behaviour import State
from jinyun.vehicle.shuttle.body import FRONT_M
from jinyun.vehicle.shuttle.encounters import Gate
from jinyun.vehicle.shuttle.limits import TOP_MPS
from jinyun.vehicle.shuttle.modes import Mode
from jinyun.vehicle.shuttle.passing import Passing
from jinyun.vehicle.shuttle.posted import CLOSED_ID
from jinyun.vehicle.shuttle.sampling import EMERGENCY, Trajectory

Floats = NDArray[np.float64]


def explain(
    plan: Trajectory, v: float, d_m: float, gates: list[Gate], stop: float, reason: str, leads: Floats, passing: Passing,
    s: Floats, speed: Floats, slow: Floats, mode: Mode,
) -> tuple[State, str]:  # fmt: skip
    """Return the state and the reason (a key of REASONS) of a plan; ``stop`` is how far the front may go, for ``reason``.

    ``s`` and ``speed`` are the plan's, metres from the rear axle now; ``leads`` and ``slow`` bind it.
    """
    slows = speed[-1] < TOP_MPS - 1.0 or speed.min() < v - 0.5
    end = float(s[-1]) + FRONT_M
    gate = gates[plan.yields_to] if plan.yields_to >= 0 else None
    if gate is None:  # one that is waited for by going slower
        gate = next((g for g in gates if g.yields and slows and end > g.in_m - 25 and g.t_in_s < 7.5), None)
    state, why = State.CRUISE, "cruise"
    if slows and math.isfinite(stop) and end > stop + FRONT_M - 12.0:
        state, why = {"dock": State.DOCK, "dwell": State.DWELL}.get(reason, State.STOP_LINE), reason
    if slows and len(leads) and float(leads[:, 0].min()) < max(end, 12.0) + 8.0:
        nearest = float(leads[:, 0].min())
        if state is State.CRUISE or nearest < stop + FRONT_M:
            state, why = State.FOLLOW, "follow"
    if gate is not None and state is not State.DWELL and gate.in_m - FRONT_M < stop + 0.5:
        state, why = State.YIELD, gate.reason
    if state is State.CRUISE and len(slow) and ((slow[:, 0] < 25) & (slow[:, 2] < v + 0.5)).any():
        why = "bend"
    if passing.whom >= 0 or plan.to_d_m < -1.0:
        state, why = State.PASS, "pass_closed" if passing.whom >= CLOSED_ID else "pass_standing"
    elif abs(d_m) > 0.6:
        state, why = State.MERGE, "merge_back"
    elif passing.waits and state is State.FOLLOW:
        why = "wait_to_pass"
    if plan.level == EMERGENCY and v > 0.3:
        state, why = State.EMERGENCY, "emergency"
    by_mode = {Mode.MINIMAL_RISK: State.MINIMAL_RISK, Mode.MANUAL: State.MANUAL, Mode.REMOTE: State.REMOTE}
    if mode in by_mode:
        state = by_mode[mode]
        why = state.value
    return state, why
