"""``jinyun account``: accounts, keys and the audit log of a zone's centre, from the machine that it runs on."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from jinyun import zone as zones
from jinyun.centre import accounts, audit, keys
from jinyun.centre.accounts import AccountError
from jinyun.centre.registry import Registry, RegistryAway, open_registry
from jinyun.state import state_dir

__all__ = ["AccountError", "account", "first_admin"]


def first_admin(folder: Path) -> str | None:
    """Make the account ``admin`` of a zone that has no account; return its password.

    None where there is one, and where the registry's server does not answer now.
    """
    try:
        registry = open_registry(folder)
        try:
            return accounts.first_admin(registry)
        finally:
            registry.close()
    except RegistryAway:
        return None


def account(args: argparse.Namespace) -> int:
    """Carry out one deed; raises :class:`AccountError` with the reason where it cannot be done."""
    registry = open_registry(state_dir(zones.load(zones.find(args.zone)).id))
    try:
        return {"add": _add, "list": _list, "reset": _reset, "key": _key, "audit": _audit}[args.deed](registry, args)
    finally:
        registry.close()


def _tell(args: argparse.Namespace, facts: Any, text: str) -> int:
    print(json.dumps(facts, ensure_ascii=False) if args.as_json else text)
    return 0


def _note(registry: Registry, route: str, subject: str) -> None:
    audit.append(registry, audit.Deed("", "admin", None, "command line", "command", route, subject, 0, ""))


def _add(registry: Registry, args: argparse.Namespace) -> int:
    password = accounts.create(registry, args.name, args.role, args.company)
    _note(registry, "account add", f"{args.name} {args.role} {args.company or ''}".strip())
    facts = {"name": args.name, "role": args.role, "company": args.company, "password": password}
    return _tell(args, facts, f"{args.name} may sign in as {args.role}; the password is shown this once: {password}")


def _list(registry: Registry, args: argparse.Namespace) -> int:
    rows = accounts.listing(registry)
    lines = []
    for row in rows:
        state = "off" if row["disabled"] else "locked" if row["locked_until_us"] else "counts"
        factor = "second factor" if row["code"] else "password only"
        lines.append(f"{row['name']}\t{row['role']}\t{row['company'] or '-'}\t{state}\t{factor}")
    return _tell(args, rows, "\n".join(lines) or "no account: jinyun run makes one at the first start")


def _reset(registry: Registry, args: argparse.Namespace) -> int:
    password = accounts.reset(registry, args.name)
    _note(registry, "account reset", args.name)
    return _tell(
        args, {"name": args.name, "password": password}, f"{args.name}: the password is shown this once: {password}"
    )


def _key(registry: Registry, args: argparse.Namespace) -> int:
    made = keys.create(registry, args.name, args.label, args.scope or ["live"], args.days)
    _note(registry, "account key", f"{args.name} {made['id']} {' '.join(made['scopes'])}")
    until = time.strftime("%Y-%m-%d", time.gmtime(made["expires_us"] / 1e6))
    return _tell(args, made, f"key {made['id']} counts until {until} and is shown this once: {made['key']}")


def _audit(registry: Registry, args: argparse.Namespace) -> int:
    kept = None
    if args.head:
        number, colon, chain = args.head.partition(":")
        if not colon or not number.isdecimal():
            raise AccountError("--head is NUMBER:CHAIN")
        kept = {"number": int(number), "chain": chain}
    found = audit.verify(registry, kept)
    head = f"{found['head']['number']}:{found['head']['chain']}"
    lines = [f"{fault['number']}: {fault['what']}" for fault in found["faults"]]
    lines.append(f"{found['entries']} entries, {'as written' if found['ok'] else 'NOT as written'}; head {head}")
    _tell(args, found, "\n".join(lines))
    return 0 if found["ok"] else 1
