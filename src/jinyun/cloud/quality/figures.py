"""The scorecard's figures: each with its value, its count, whether that is enough, and the zone profile's figure beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import sensors as of
from jinyun.zone import Zone

LEAST = 100
"""Fewer looks, pairs or trials than this make a figure, but no valid one."""
SHARES = {
    "completeness": ("", "", "sensing.missed_most_motor"),
    "missed": ("missed", "trials", "sensing.missed_most_motor"),
    "blind": ("blind", "usual", ""),
    "false": ("unconfirmed", "judged", "sensing.false_most_motor"),
    "unseen_by_others": ("alone", "watched", ""),
    "frozen": ("stuck", "moving", "sensing.found_frozen_share"),
    "heading_fits": ("as_is", "course", ""),
    "doubled_numbers": ("twins", "looks", "sensing.found_twin_share"),
    "too_late": ("late", "looks", ""),
}
"""Shares: what is counted, of what, and the profile's figure (``docs/quality.md``)."""
ERRORS = {
    "position_m": ("sensing.position_most_m", 1.0),
    "speed_mps": ("sensing.speed_most_kmh", 1 / 3.6),
    "heading_deg": ("sensing.heading_most_deg", 1.0),
    "size_m": ("sensing.size_most_m", 1.0),
    "delay_ms": ("sensing.delay_most_ms", 1.0),
}
"""Errors and the delay: the profile's figure and what makes it the measure's unit."""


def _share(sums: NDArray[np.float64], part: str, whole: str) -> tuple[float | None, float]:
    of_what = float(sums[of.AT[whole]])
    return (float(sums[of.AT[part]]) / of_what if of_what > 0 else None), of_what


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


def of_one(sums: NDArray[np.float64], bins: NDArray[np.float64], zone: Zone) -> dict[str, Any]:
    """Return the figures of one row of sums (columns of :mod:`.sensors`) and histograms.

    Each is {value | p50, p95; of (its denominator); valid; most or least (the profile's figure); meets}.
    """
    profile, out = zone.profile, {}
    for name, (part, whole, key) in SHARES.items():
        if name == "completeness":
            missed, n = _share(sums, "missed", "trials")
            blind, usual = _share(sums, "blind", "usual")
            n = n if usual < LEAST else min(n, usual)
            value = None if missed is None else (1 - missed) * (1 - (blind or 0.0))
            least = 1 - profile[key].value
            out[name] = {"value": _rounded(value), "of": round(n), "valid": n >= LEAST, "least": round(least, 4)}
            out[name]["meets"] = None if value is None or n < LEAST else value >= least
            continue
        value, n = _share(sums, part, whole)
        out[name] = {"value": _rounded(value), "of": round(n), "valid": n >= LEAST}
        if key:
            most = profile[key].value
            out[name] |= {"most": most, "meets": None if value is None or n < LEAST else value <= most}
    for measure, (name, (key, unit)) in enumerate(ERRORS.items()):
        n = float(bins[measure].sum())
        p50, p95 = (of.percentile(bins[measure], measure, q) for q in (0.5, 0.95))
        most = profile[key].value * unit
        meets = None if p95 is None or n < LEAST else p95 <= most + 1e-9
        out[name] = {"p50": _rounded(p50, 3), "p95": _rounded(p95, 3), "of": round(n), "valid": n >= LEAST}
        out[name] |= {"most": round(most, 4), "meets": meets}
    heard = float(sums[of.SECONDS])
    rate = float(sums[of.SCANS]) / heard if heard > 0 else None
    least = profile["link.rsm_rate_hz"].value
    # A scan more or less at the edge of a second is no lower rate.
    meets = None if rate is None or heard < 10 else rate >= 0.95 * least
    out["rate_hz"] = {
        "value": _rounded(rate, 2),
        "of": round(heard),
        "valid": heard >= 10,
        "least": least,
        "meets": meets,
    }
    minutes = float(sums[of.CAR_S]) / 60
    each = float(sums[of.CHANGES]) / minutes if minutes > 0 else None
    out["changes_per_min"] = {"value": _rounded(each, 2), "of": round(minutes, 1), "valid": minutes >= 1}
    out["objects"] = {"value": _rounded(float(sums[of.OBJECTS]) / heard if heard > 0 else None, 1), "of": round(heard)}
    return out


def of_senders(
    names: Sequence[str], sums: NDArray[np.float64], bins: NDArray[np.float64], zone: Zone
) -> dict[str, dict[str, Any]]:
    """Return the figures of every sender by its name, those without a look left out."""
    return {
        name: of_one(sums[place], bins[place], zone)
        for place, name in enumerate(names)
        if sums[place, of.LOOKS] + sums[place, of.LATE] >= 1
    }


def site_of(name: str, zone: Zone) -> str:
    """Return the site a sender stands at: its junction where the zone says so, else its own name."""
    for rsu in zone.rsus:
        if name == f"rsu/{rsu.id}":
            return rsu.junction or rsu.id
    return name


def of_sites(
    names: Sequence[str], sums: NDArray[np.float64], bins: NDArray[np.float64], zone: Zone
) -> dict[str, dict[str, Any]]:
    """Return the figures of every site at which several senders stand together."""
    sites: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        sites.setdefault(site_of(name, zone), []).append(place)
    return {
        site: of_one(sums[places].sum(axis=0), bins[places].sum(axis=0), zone) | {"devices": [names[p] for p in places]}
        for site, places in sites.items()
        if sums[places, of.LOOKS].sum() >= 1
    }
