"""From cases to an item's verdict, and from items to a score and the coverage of the operational design domain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jinyun.trial.catalogue.items import Item


def verdict(item: Item, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return an item's verdict: passed where at least N of its M cases passed and none is invalid.

    N is the item's share of M, rounded up. One invalid case makes the item invalid unless it failed already: who could
    not be tested is not passed.
    """
    passed = sum(told["outcome"] == "pass" for told in results)
    failed = sum(told["outcome"] == "fail" for told in results)
    invalid = len(results) - passed - failed
    total = len(item.cases())
    needed = math.ceil(item.form.need * total - 1e-9)
    if passed >= needed and passed + failed + invalid == total and not invalid:
        outcome = "pass"
    elif failed > total - needed:
        outcome = "fail"
    else:
        outcome = "invalid"
    shown = next((told for told in results if told["outcome"] != "pass"), results[0] if results else None)
    competent = [told for told in results if "competent" in told]
    return {
        "id": item.id, "sheet": item.sheet.id, "zh": item.form.zh, "en": item.form.en, "clause": item.form.clause,
        "document": item.sheet.document, "limits": item.form.limits, "outcome": outcome, "cases": total, "passed": passed,
        "failed": failed, "invalid": invalid, "needed": needed, "needs": list(item.form.needs),
        "domain": list(item.form.domain),
        "shown": None if shown is None else shown["case"],
        "why": [] if shown is None else [rule for rule in shown["rules"] if rule["outcome"] != "pass"],
        "avoidable_failed": sum(
            told["outcome"] == "fail" and told["competent"].get("careful_human") == "pass" for told in competent
        ) if competent else None,
    }  # fmt: skip


def coverage(items: Sequence[Item], verdicts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each element of the operational design domain how many items cover it and how many of them passed."""
    passed = {told["id"] for told in verdicts if told["outcome"] == "pass"}
    elements: dict[str, list[str]] = {}
    for item in items:
        for element in item.form.domain:
            elements.setdefault(element, []).append(item.id)
    return [
        {"element": element, "items": len(ids), "passed": sum(id in passed for id in ids)}
        for element, ids in elements.items()
    ]


def score(verdicts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the score sheet: for each sheet of items how many passed, failed and are invalid, and the share passed."""
    sheets: dict[str, dict[str, Any]] = {}
    for told in verdicts:
        of = sheets.setdefault(
            told["sheet"], {"sheet": told["sheet"], "items": 0, "passed": 0, "failed": 0, "invalid": 0}
        )
        of["items"] += 1
        of[{"pass": "passed", "fail": "failed", "invalid": "invalid"}[told["outcome"]]] += 1
    for of in sheets.values():
        of["score"] = round(100 * of["passed"] / of["items"], 1)
    return list(sheets.values())
