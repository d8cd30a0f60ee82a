"""The cooperative applications (协同应用) as people read about them: what each is, and its numbers with their origin."""

from __future__ import annotations

from typing import Any

from jinyun.cloud.apps import CATALOGUE, Application, parameters
from jinyun.zone import Profile


def catalogue(profile: Profile) -> list[dict[str, Any]]:
    """Return all applications in the order of their rows, with the parameters that ``profile`` gives them."""
    return [_told(row, about, profile) for row, about in enumerate(CATALOGUE)]


def _told(row: int, about: Application, profile: Profile) -> dict[str, Any]:
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
