"""``jinyun account``: who may sign in at the centre."""

from __future__ import annotations

import argparse
import sys

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    account = verbs.add_parser("account", help="who may sign in at the centre: accounts, API keys, the audit log")
    deeds = account.add_subparsers(dest="deed", required=True, metavar="DEED")
    new = deeds.add_parser("add", help="make an account; its random password is printed this once")
    new.add_argument("name")
    new.add_argument("--role", required=True, choices=("company", "tester", "operator", "regulator", "admin"))
    new.add_argument("--company", help="of a company's account: whose vehicles it sees")
    deeds.add_parser("list", help="every account")
    reset = deeds.add_parser("reset", help="give an account a new password, without second factor and lock")
    reset.add_argument("name")
    key = deeds.add_parser("key", help="make an API key of an account; it is printed this once")
    key.add_argument("name")
    key.add_argument(
        "--scope", action="append", default=[], help="what it is good for; may be repeated (default: live)"
    )
    key.add_argument("--days", type=int, default=90, help="how long it counts (default 90)")
    key.add_argument("--label", default="", help="what it is for")
    audit = deeds.add_parser("audit", help="verify the audit log; exit code 1: it is not what was written")
    audit.add_argument("--head", help="NUMBER:CHAIN that an earlier call printed: the log must still hold it")
    for deed in deeds.choices.values():
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return account


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.account import AccountError, account

    try:
        return account(args)
    except (AccountError, OSError) as error:
        print(f"jinyun account: {error}", file=sys.stderr)
        return 2
