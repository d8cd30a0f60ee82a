"""``jinyun quality``: what a zone's scorecard has kept, as text, JSON or one page; the zone may run or have ended."""

from __future__ import annotations

import argparse
import json

from jinyun import zone as zones
from jinyun.cloud.quality import report
from jinyun.cloud.quality.report import ReportError
from jinyun.cloud.quality.rollups import FOLDER
from jinyun.state import state_dir

__all__ = ["ReportError", "quality"]


def quality(args: argparse.Namespace) -> int:
    """Print the report or write its page; raises :class:`ReportError` where nothing was kept."""
    zone = zones.load(zones.find(args.zone))
    found = report.gather(state_dir(zone.id) / FOLDER, zone.id) | {"simulated": zone.simulated}
    if args.html is not None:
        args.html.write_text(report.html(found), encoding="utf-8")
        print(args.html)
    elif args.as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(report.text(found))
    return 1 if found["work"] else 0
