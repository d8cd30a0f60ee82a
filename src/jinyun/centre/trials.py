"""The proving ground in the centre (测试·评价·准入): its catalogue, the runs on this machine, and each case for replay.

Runs are what ``jinyun trial run`` leaves in the state folder. Everything here is simulated and says so.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Query

from jinyun.centre.access import EVERYBODY, STAFF, Rule, declare
from jinyun.trial import record
from jinyun.trial.catalogue.items import load
from jinyun.trial.command import about, runs_dir
from jinyun.trial.fault import TrialError
from jinyun.trial.verdict import item as verdicts
from jinyun.trial.verdict.comparing import compare

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/trials/catalogue": Rule(EVERYBODY),
        "GET /api/v1/trials": Rule(STAFF, scope="supervision"),
        "GET /api/v1/trials/{run}": Rule(STAFF, scope="supervision"),
        "GET /api/v1/trials/{run}/cases": Rule(STAFF, scope="supervision"),
        "GET /api/v1/trials/{run}/cases/{item}/{number}": Rule(STAFF, scope="supervision"),
        "GET /api/v1/trials/{run}/changes": Rule(STAFF, scope="supervision"),
    }
)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
MOST_RUNS = 200


def routes(_: Centre) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/api/v1/trials/catalogue")
    def catalogue() -> dict[str, Any]:
        """Return all items of the catalogue with their sources, cases and rules."""
        items = load()
        sheets = {item.sheet.id: item.sheet for item in items.values()}
        return {
            "simulated": True,
            "sheets": [
                {key: getattr(one, key) for key in ("id", "zh", "en", "document", "note_zh", "note_en")}
                for one in sheets.values()
            ],
            "items": [about(item) for item in items.values()],
        }  # fmt: skip

    @router.get("/api/v1/trials")
    def runs() -> dict[str, Any]:
        """Return the finished runs, the newest first."""
        found = sorted(runs_dir().glob("*/summary.json"), key=lambda path: -path.stat().st_mtime)[:MOST_RUNS]
        return {"simulated": True, "runs": [_short(path.parent) for path in found]}

    @router.get("/api/v1/trials/{run}")
    def run_(run: str) -> dict[str, Any]:
        """Return a run's verdicts, score and coverage; 404 where there is none of that name."""
        summary = _get(_run(run) / "summary.json")
        return summary | {"name": run, "score": verdicts.score(summary["items"])}

    @router.get("/api/v1/trials/{run}/cases")
    def cases(run: str, item: str = Query(max_length=100)) -> dict[str, Any]:
        """Return the cases of one item of a run."""
        folder = _run(run) / "cases" / _named(item)
        found = [_get(path) for path in sorted(folder.glob("*.json"))]
        keys = ("case", "values", "outcome", "rules", "measures", "seconds", "competent", "error")
        return {"simulated": True, "cases": [{key: told[key] for key in keys if key in told} for told in found]}

    @router.get("/api/v1/trials/{run}/cases/{item}/{number}")
    def case(run: str, item: str, number: str) -> dict[str, Any]:
        """Return one case with all it needs to be replayed: participants, rows as columns, signals, what happened when."""
        folder, name = _run(run), f"{_named(item)}/{number}"
        try:
            told = _get(record.stem(folder, name).with_suffix(".json"))
            rows = record.rows(folder, name)
        except TrialError as error:
            raise HTTPException(404, str(error)) from None
        keys = ("t_s", "x_m", "y_m", "h_rad", "v_mps", "a_mps2")
        columns = {key: [round(float(v), 3) if math.isfinite(v) else None for v in rows[key]] for key in keys}
        return told | {"rows": columns | {"actor": rows["actor"].tolist()}}

    @router.get("/api/v1/trials/{run}/changes")
    def changes(run: str, since: str = Query(max_length=100)) -> dict[str, Any]:
        """Return which verdicts changed from the run ``since`` to this one."""
        try:
            return compare(_run(since), _run(run)) | {"simulated": True}
        except TrialError as error:
            raise HTTPException(409, str(error)) from None

    return router


def _named(text: str) -> str:
    if NAME.fullmatch(text) is None or ".." in text:
        raise HTTPException(404, f"no {text[:100]!r}")
    return text


def _run(name: str) -> Path:
    folder = runs_dir() / _named(name)
    if not (folder / "summary.json").exists():
        raise HTTPException(404, f"no run {name!r}")
    return folder


def _get(path: Path) -> dict[str, Any]:
    try:
        return record.get(path)
    except TrialError as error:
        raise HTTPException(404, str(error)) from None


def _short(folder: Path) -> dict[str, Any]:
    summary = _get(folder / "summary.json")
    keys = ("driver", "version", "profile", "cases", "passed", "failed", "invalid", "seconds", "deterministic_digest")
    told = {key: summary[key] for key in keys}
    items = summary["items"]
    passed = sum(one["outcome"] == "pass" for one in items)
    at_s = int((folder / "summary.json").stat().st_mtime)
    return told | {"name": folder.name, "items": len(items), "items_passed": passed, "t_s": at_s}
