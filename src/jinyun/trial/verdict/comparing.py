"""Two builds compared: which verdicts changed, and which items another version must repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinyun.trial import record

RANK = {"pass": 2, "invalid": 1, "fail": 0}
SLIGHT = 0.1
"""A measure that changed by a larger share without a change of verdict is listed as moved."""


def compare(before: Path, after: Path) -> dict[str, Any]:
    """Return the cases whose verdict changed from one run to another, with the rules that say why.

    ``repeat`` names the items that have to be repeated because of it: all whose cases changed, all whose limits or cases
    are other ones, and all that only one run has. Each change names both records for replay.
    """
    one, other = record.get(before / "run.json"), record.get(after / "run.json")
    old = {told["case"]: told for told in record.results(before)}
    new = {told["case"]: told for told in record.results(after)}
    changed, moved = [], []
    for case in sorted(old.keys() & new.keys()):
        a, b = old[case], new[case]
        if a["outcome"] != b["outcome"]:
            why = [rule for rule in b["rules"] if rule["outcome"] != "pass"] or [
                rule for rule in a["rules"] if rule["outcome"] != "pass"
            ]
            changed.append({
                "case": case, "item": b["item"], "before": a["outcome"], "after": b["outcome"],
                "why_zh": "；".join(rule["zh"] for rule in why), "why_en": "; ".join(rule["en"] for rule in why),
                "replay": {"before": f"{before.name}/{case}", "after": f"{after.name}/{case}"},
            })  # fmt: skip
        elif a["digest"] != b["digest"]:
            moved.append({"case": case, "measures": _moved(a, b)})
    items = {change["item"] for change in changed}
    items |= {id for id in one["items"].keys() ^ other["items"].keys()}
    items |= {id for id in one["items"].keys() & other["items"].keys() if one["items"][id] != other["items"][id]}
    if one["limits"] != other["limits"]:
        items |= set(other["items"])
    return {
        "before": {key: one[key] for key in ("driver", "version", "jinyun", "profile")},
        "after": {key: other[key] for key in ("driver", "version", "jinyun", "profile")},
        "changed": changed, "worse": sum(RANK[c["after"]] < RANK[c["before"]] for c in changed), "moved": moved,
        "only_before": sorted(old.keys() - new.keys()), "only_after": sorted(new.keys() - old.keys()),
        "repeat": sorted(items),
    }  # fmt: skip


def _moved(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    old = {told["name"]: told["value"] for told in a["measures"]}
    found = []
    for told in b["measures"]:
        was, now = old.get(told["name"]), told["value"]
        if was is None or now is None:
            if was is not now:
                found.append({"name": told["name"], "before": was, "after": now})
        elif abs(now - was) > SLIGHT * max(abs(was), 1e-9):
            found.append({"name": told["name"], "before": was, "after": now})
    return found
