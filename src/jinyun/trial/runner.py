"""Runs the catalogue: headless, over all cores, resumable; two runs of the same give the same digest."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from jinyun import __version__
from jinyun.parent import end_with_spawner
from jinyun.trial import record
from jinyun.trial.catalogue.items import FOLDER, Case, Item, load
from jinyun.trial.driver.competent import MODELS
from jinyun.trial.driver.offers import PREFIX, offer
from jinyun.trial.fault import TrialError
from jinyun.trial.spreading import Machines, away, bring_back
from jinyun.trial.verdict import item as verdicts
from jinyun.trial.verdict.case import run as run_case
from jinyun.zone import load_profile, profiles_dir

PROFILE = "national-2020"
CHUNK = 4
"""Cases a process takes at once: few, so that the end is not one process at work."""
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    driver: str
    items: tuple[str, ...]
    profile: str = PROFILE
    catalogue: Path = FOLDER
    version: str = ""
    """Of the software under test, where its driver does not know it."""


def limits_of(profile: str) -> dict[str, float]:
    """Return the profile's numbers of the proving ground by key."""
    found = load_profile(profiles_dir() / f"{profile}.toml")
    return {key: quantity.value for key, quantity in found.items() if key.startswith("trial.")}


def competent_numbers(limits: Mapping[str, float]) -> dict[str, float]:
    """Return the competent drivers' numbers without their prefix."""
    return {key.removeprefix(PREFIX): value for key, value in limits.items() if key.startswith(PREFIX)}


def run(
    plan: Plan, folder: Path, *, jobs: int | None = None, progress: Progress | None = None, ray: str = ""
) -> dict[str, Any]:
    """Run all cases of a plan into a folder; return the summary.

    Cases whose files are there already from the same plan are not run again. A driver that fails in a case makes that
    case invalid, and says why. With ``ray`` the machines of the Ray cluster at that address play them.
    """
    items = load(plan.catalogue)
    chosen = [items[id] for id in plan.items]
    limits = limits_of(plan.profile)
    made = offer(plan.driver, competent_numbers(limits)).make()
    about = {
        "driver": plan.driver, "version": plan.version or str(getattr(made, "version", "")), "jinyun": __version__,
        "profile": plan.profile, "limits": limits, "items": {one.id: one.digest() for one in chosen}, "simulated": True,
    }  # fmt: skip
    _same(folder, about)
    began = time.monotonic()
    cases = [(one, case) for one in chosen for case in one.cases()]
    left = [(one, case) for one, case in cases if not record.stem(folder, case.id).with_suffix(".json").exists()]
    done = len(cases) - len(left)
    chunks = [left[k : k + CHUNK] for k in range(0, len(left), CHUNK)]
    workers = min(jobs or os.cpu_count() or 1, max(len(chunks), 1))
    if ray:
        with Machines(ray) as machines:
            sent = {machines.submit(_away, plan, [case for _, case in chunk], limits): chunk for chunk in chunks}
            for future in as_completed(sent):
                count, files = future.result()
                bring_back(files, folder)
                done += count
                if progress is not None:
                    progress(done, len(cases), sent[future][-1][1].id)
    elif workers == 1:
        for chunk in chunks:
            _work(plan, folder, [case for _, case in chunk], limits)
            done += len(chunk)
            if progress is not None:
                progress(done, len(cases), chunk[-1][1].id)
    else:
        _parallel(plan, folder, chunks, limits, workers, done, len(cases), progress)
    return finish(folder, chosen, time.monotonic() - began)


def _same(folder: Path, about: dict[str, Any]) -> None:
    """Begin a run, or go on with one of the same plan; raises :class:`TrialError` where another lies there."""
    path = folder / "run.json"
    if path.exists():
        before = record.get(path)
        changed = [key for key in about if before.get(key) != json.loads(json.dumps(about[key]))]
        if changed:
            raise TrialError(f"{folder}: another run lies there: {', '.join(changed)} differ; choose another folder")
        return
    folder.mkdir(parents=True, exist_ok=True)
    record.put(path, about)


def _parallel(
    plan: Plan, folder: Path, chunks: list[list[tuple[Item, Case]]], limits: dict[str, float], workers: int, done: int,
    total: int, progress: Progress | None,
) -> None:  # fmt: skip
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_spawner) as pool:
        waiting: dict[Future[int], str] = {}
        for chunk in chunks:
            future = pool.submit(_work, plan, folder, [case for _, case in chunk], limits)
            waiting[future] = chunk[-1][1].id
        while waiting:
            ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                done += future.result()
                if progress is not None:
                    progress(done, total, waiting[future])
                del waiting[future]


def _away(plan: Plan, cases: list[Case], limits: dict[str, float]) -> tuple[int, dict[str, bytes]]:
    return away(lambda folder: _work(plan, folder, cases, limits))


def _work(plan: Plan, folder: Path, cases: list[Case], limits: dict[str, float]) -> int:
    items = load(plan.catalogue)
    numbers = competent_numbers(limits)
    chosen = offer(plan.driver, numbers)
    for case in cases:
        one = items[case.item]
        try:
            played = run_case(one, case, chosen, limits)
        except Exception as error:  # a driver of somebody else's may raise anything
            told = {"case": case.id, "item": case.item, "values": case.values, "driver": plan.driver, "outcome": "invalid",
                    "rules": [], "measures": [], "seconds": 0.0, "digest": "", "simulated": True,
                    "error": f"{type(error).__name__}: {error}"[:500]}  # fmt: skip
            at = record.stem(folder, case.id)
            at.parent.mkdir(parents=True, exist_ok=True)
            record.put(at.with_suffix(".json"), told)
            continue
        record.write(folder, played)
        if one.form.yardstick:
            told = record.get(record.stem(folder, case.id).with_suffix(".json"))
            told["competent"] = {
                model: run_case(one, case, offer(model, numbers), limits).result.outcome for model in MODELS
            }
            record.put(record.stem(folder, case.id).with_suffix(".json"), told)
    return len(cases)


def finish(folder: Path, chosen: list[Item], seconds: float) -> dict[str, Any]:
    """Return a run's summary and write it."""
    found = {told["case"]: told for told in record.results(folder)}
    sheets = []
    digest = hashlib.sha256()
    counts = {"pass": 0, "fail": 0, "invalid": 0}
    simulated_s = 0.0
    for one in chosen:
        results = [found[case.id] for case in one.cases() if case.id in found]
        for told in results:
            counts[told["outcome"]] += 1
            simulated_s += told["seconds"]
            digest.update(f"{told['case']} {told['outcome']} {told['digest']}\n".encode())
        sheets.append(verdicts.verdict(one, results))
    summary = {
        "cases": sum(counts.values()), "passed": counts["pass"], "failed": counts["fail"], "invalid": counts["invalid"],
        "seconds": round(seconds, 2), "simulated_seconds": round(simulated_s, 1),
        "deterministic_digest": digest.hexdigest(), "items": sheets, "domain": verdicts.coverage(chosen, sheets),
        "simulated": True, **{key: record.get(folder / "run.json")[key] for key in ("driver", "version", "jinyun", "profile")},
    }  # fmt: skip
    record.put(folder / "summary.json", summary)
    return summary
