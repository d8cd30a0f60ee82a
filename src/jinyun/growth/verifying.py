"""How many days in a row a section's scorecard passed, counted from the rollups that the cloud writes: nobody states it.

A day passes when the senders beside the section were watched for most of it (profile), at least one of their figures is
valid, and the share of valid figures that are met reaches the profile's least score. The count goes back from the last
whole day; a day that is missing, was not watched, or did not pass ends it. Unknown is not passed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.cloud.quality import rollups
from jinyun.growth.network import Network
from jinyun.growth.readiness import BESIDE_M, away
from jinyun.zone import Zone

DAY_US = rollups.PERIODS_US["day"]
MOST_DAYS = 400


def senders(zone: Zone, network: Network, id: str) -> list[str]:
    """Return the roadside senders beside a section, by the names of the scorecard."""
    shape = network.shape[network.segments.index(id)]
    return [f"rsu/{rsu.id}" for rsu in zone.rsus if rsu.at is not None and away(shape, np.asarray(rsu.at)) <= BESIDE_M]


def days_passed(zone: Zone, network: Network, id: str, state_dir: Path, now_us: int | None = None) -> dict[str, Any]:
    """Return the days in a row that a section's scorecard passed, which they were, and why no more.

    ``{"scorecard_days", "from_us", "to_us", "senders", "ended"}``; times are those of days' beginnings, None without any.
    """
    now = time.time_ns() // 1000 if now_us is None else now_us
    names = senders(zone, network, id)
    days = {int(line["t_us"]): line for line in rollups.read(state_dir / rollups.FOLDER, "day", MOST_DAYS)}
    last = now // DAY_US * DAY_US - DAY_US
    count, ended = 0, ""
    while not ended:
        ended = _fault(zone, names, days.get(last - count * DAY_US))
        count += not ended
    return {
        "scorecard_days": count, "from_us": last - (count - 1) * DAY_US if count else None, "to_us": last if count else None,
        "senders": names, "ended": ended,
    }  # fmt: skip


def _fault(zone: Zone, names: list[str], line: Mapping[str, Any] | None) -> str:
    """Return why a day did not pass, empty where it did."""
    if not names:
        return "no roadside sender stands beside it"
    if line is None:
        return "the day before has no record"
    covered = line.get("seconds")
    least = zone.profile["growth.verify_watched"].value * DAY_US / 1e6
    if not isinstance(covered, int | float) or covered < least:
        return "the day before was not watched long enough"
    devices = line["devices"]
    met = [
        figure["meets"]
        for name in names
        if isinstance(devices.get(name), Mapping)
        for figure in devices[name].values()
        if isinstance(figure, Mapping) and figure.get("valid") and isinstance(figure.get("meets"), bool)
    ]
    if not met:
        return "the day before has no valid figure"
    if sum(met) / len(met) < zone.profile["growth.ready_score"].value:
        return "the day before did not pass"
    return ""
