"""Admission: a folder with a draft certificate in both languages, the evidence behind it, and a seal over all."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from jinyun.trial import record
from jinyun.trial.fault import TrialError
from jinyun.trial.verdict import certificate, standalone
from jinyun.trial.verdict import item as verdicts
from jinyun.trial.verdict.ledger import Ledger, read, stages
from jinyun.trial.verdict.sealing import key_at, seal


def admit(
    run: Path, ledger_file: Path | None, out: Path | None, key: Path | None, today: dt.date | None = None
) -> dict[str, Any]:
    """Make the certificate's folder of a finished run; return what it says and where it lies.

    The folder holds the certificate as ``zh.html``, ``en.html`` and ``certificate.pdf``, its content as ``certificate.json``,
    the run's records under ``evidence`` and ``verify.py`` that checks all of it; ``manifest.json`` is sealed last.
    """
    folder = out or run.parent / f"{run.name}-certificate"
    if folder.exists():
        raise TrialError(f"{folder}: is there already; a certificate is never written over")
    summary, about = record.get(run / "summary.json"), record.get(run / "run.json")
    ledger = None if ledger_file is None else read(ledger_file)
    day = today or dt.datetime.now(dt.UTC).date()
    told = _content(summary, about, ledger, day)
    evidence = folder / "evidence"
    shutil.copytree(run, evidence)
    if ledger_file is not None:
        shutil.copyfile(ledger_file, folder / "ledger.toml")
    record.put(folder / "certificate.json", told)
    for lang in ("zh", "en"):
        (folder / f"{lang}.html").write_text(certificate.html(told, lang), encoding="utf-8")
    (folder / "certificate.pdf").write_bytes(certificate.pdf(told))
    shutil.copyfile(Path(standalone.__file__), folder / "verify.py")
    manifest = seal(folder, key_at(key or run.parent / "signing.key"), {"what": "draft certificate", "run": run.name})
    return told | {"folder": str(folder), "key": manifest["public_key"], "files": len(manifest["files"])}


def _content(summary: dict[str, Any], about: dict[str, Any], ledger: Ledger | None, day: dt.date) -> dict[str, Any]:
    vehicle = None if ledger is None else ledger.vehicle.model_dump()
    return {
        "draft": True, "simulated": True, "day": day.isoformat(), "vehicle": vehicle, "driver": about["driver"],
        "software": about["version"] or (vehicle or {}).get("software", ""), "profile": about["profile"],
        "platform": about["jinyun"], "cases": summary["cases"], "passed": summary["passed"], "failed": summary["failed"],
        "invalid": summary["invalid"], "digest": summary["deterministic_digest"], "items": summary["items"],
        "score": verdicts.score(summary["items"]), "domain": summary["domain"],
        "stages": stages(ledger, summary["items"], about["limits"], day),
    }  # fmt: skip
