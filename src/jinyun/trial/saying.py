"""What the deeds of ``jinyun trial`` share: how a result is said, how numbers are given."""

from __future__ import annotations

import json
from typing import Any

from jinyun.trial.fault import TrialError

OUTCOMES = {"pass": "passed", "fail": "FAILED", "invalid": "invalid"}


def say(told: Any) -> None:
    """Print one JSON object in a line."""
    print(json.dumps(told, ensure_ascii=False))


def numbers(pairs: list[str]) -> dict[str, float]:
    """Return the numbers of ``KEY=NUMBER``; raises :class:`TrialError`."""
    values = {}
    for pair in pairs:
        key, _, text = pair.partition("=")
        try:
            values[key] = float(text)
        except ValueError:
            raise TrialError(f"--set {pair}: {text!r} is no number") from None
    return values
