"""``jinyun admin``: who may speak."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    admin = verbs.add_parser("admin", help="who may speak: the zone's certificate authority and its devices")
    deeds = admin.add_subparsers(dest="deed", required=True, metavar="DEED")
    init = deeds.add_parser("init", help="make the zone's authority; its passphrase comes from JINYUN_PASSPHRASE")
    init.add_argument("--name", action="append", default=[], help="host name or address devices reach the broker by")
    enroll = deeds.add_parser("enroll", help="issue (or renew) a device's certificate")
    enroll.add_argument("device", help="KIND/ID: rsu/R1, obu/car-7, sensor/N22, gateway/G1")
    enroll.add_argument("--out", type=Path, default=Path(), help="folder for the files (default: here)")
    enroll.add_argument("--request", type=Path, help="a CSR of the device, which keeps its own key")
    enroll.add_argument("--days", type=positive, default=365, help="how long it counts (default 365)")
    revoke = deeds.add_parser("revoke", help="stop a device's certificates from counting, at once")
    revoke.add_argument("device", help="KIND/ID")
    deeds.add_parser("list", help="every certificate that was issued")
    for deed in deeds.choices.values():
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return admin


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.admin import AuthorityError, admin

    try:
        return admin(args)
    except (AuthorityError, OSError) as error:
        print(f"jinyun admin: {error}", file=sys.stderr)
        return 2
