"""``jinyun industry``: check and import tables, and report."""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from jinyun import zone as zones
from jinyun.industry import register, report, tables
from jinyun.state import state_dir
from jinyun.zone import Zone

FOLDER = "industry"


def folder_of(zone: Zone) -> Path:
    """Return where a zone's register is: what was imported, else the sample that comes with the zone."""
    own = state_dir(zone.id) / FOLDER
    return own if own.exists() else zone.folder / FOLDER


def industry(args: argparse.Namespace) -> int:
    """Carry one deed out; raises ``OSError`` and ``ZoneError``."""
    if args.deed == "template":
        print(tables.template(args.form), end="")
        return 0
    zone = zones.load(zones.find(args.zone))
    if args.deed == "report":
        return _report(args, zone)
    if not args.file.is_file():
        raise FileNotFoundError(f"{args.file}: no such file")
    if args.deed == "check":
        known, _ = register.load(folder_of(zone))
        rows, refused = tables.read(args.file, args.form, known.known())
        told = {"rows": len(rows), "refused": [asdict(one) for one in refused]}
    else:
        own = state_dir(zone.id) / FOLDER
        if not own.exists() and (zone.folder / FOLDER).exists():
            shutil.copytree(zone.folder / FOLDER, own)  # what is imported joins what the zone came with
        new, replaced, refused = register.take(own, args.form, args.file)
        told = {"new": new, "replaced": replaced, "refused": [asdict(one) for one in refused]}
    if args.as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for one in refused:
            print(f"line {one.line}, {one.column}: {one.reason}")
        print(
            ", ".join(f"{value} {key}" for key, value in told.items() if isinstance(value, int))
            + f", {len(refused)} refused"
        )
    return 1 if refused else 0


def _report(args: argparse.Namespace, zone: Zone) -> int:
    known, refused = register.load(folder_of(zone))
    told = report.facts(known, zone.profile)
    told["refused"] = {form: [asdict(one) for one in bad] for form, bad in refused.items()}
    date = args.date or datetime.now(UTC).strftime("%Y-%m-%d")
    if args.html:
        args.html.write_text(report.html(told, f"{zone.name.zh} 产业链报告", date), encoding="utf-8")
    if args.xlsx:
        report.xlsx(told, args.xlsx)
    if args.as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        cover, match = told["coverage"], told["matching"]
        print(f"{told['firms']} firms{' (simulated)' if told['simulated'] else ''}; {cover['covered']} of {cover['of']} links, "
              f"gaps: {', '.join(cover['gaps']) or 'none'}")  # fmt: skip
        print(f"local matching {match['share']:.1%}" if match["share"] is not None else "local matching unknown")
        print(f"{len(told['single_sources'])} single sources")
    return 1 if refused else 0
