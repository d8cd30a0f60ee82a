"""The cooperative applications (协同应用) as people read about them: what each is, and its numbers with their origin."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from jinyun.cloud.apps import CATALOGUE, Application, parameters
from jinyun.zone import Profile

MEASURED = "bench", "evaluation", "measured.json"
"""What ``jinyun apps evaluate --json`` printed, as it comes with the program."""
SHOWN = (
    "positive", "negative", "recall", "precision", "lead_p10_s", "lead_p50_s", "latency_p99_ms", "false_per_1000_km",
)  # fmt: skip


def catalogue(profile: Profile) -> list[dict[str, Any]]:
    """Return all applications in the order of their rows, with the parameters that ``profile`` gives them, and what was
    measured of them on the simulated street."""
    kept = measured()
    return [_told(row, about, profile, kept) for row, about in enumerate(CATALOGUE)]


def measured() -> dict[str, Any]:
    """Return the last whole evaluation that was kept with the program; empty where none is."""
    file = resources.files("jinyun").joinpath(*MEASURED)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _measured(id: str, kept: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was measured of one application: a row in clear weather with all vehicles connected, and one for each of
    the conditions, each with what it is from."""
    row = kept.get("apps", {}).get(id)
    if not row or not row.get("cases"):
        return None
    by: dict[str, dict[str, float]] = next(
        (one["by_conditions"] for one in kept.get("applications", ()) if one["id"] == id), {}
    )
    conditions = {
        name: {key: its[key] for key in ("events", "unseen", "recall", "right", "wrong", "precision") if key in its}
        for name, its in by.items()
    }
    figures = {key: row[key] for key in SHOWN if key in row}
    whole = str(kept.get("command", ""))
    return {
        "command": str(row.get("from", whole)), "conditions_command": whole if conditions else "", "simulated": True,
        "figures": figures, "by_conditions": conditions,
    }  # fmt: skip


def _told(row: int, about: Application, profile: Profile, kept: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": about.id,
        "row": row,
        "name": {"zh": about.zh, "en": about.en},
        "day": about.day,
        "receivers": about.receivers,
        "messages": list(about.messages),
        "says": {"zh": about.says_zh, "en": about.says_en},
        "unit": about.unit,
        "reads": list(about.reads),
        "behaviour": about.behaviour,
        "parameters": [_number(about, name, profile) for name in _own_first(about, profile)],
        "measured": _measured(about.id, kept),
    }


def _own_first(about: Application, profile: Profile) -> list[str]:
    """Return the names of its parameters: those of its own as the profile has them, then those that hold for all."""
    names = parameters(profile, about.id)
    return sorted(names, key=lambda name: _key(about, name) not in profile)


def _key(about: Application, name: str) -> str:
    return f"app.{about.id.lower()}.{name}"


def _number(about: Application, name: str, profile: Profile) -> dict[str, Any]:
    own = _key(about, name)
    key = own if own in profile else f"app.{name}"
    found = profile[key]
    return {
        "parameter": name,
        "key": key,
        "value": found.value,
        "unit": found.unit,
        "document": found.document,
        "clause": found.clause,
        "status": found.status,
        "name": {"zh": found.zh, "en": found.en},
    }
