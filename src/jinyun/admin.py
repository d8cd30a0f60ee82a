"""``jinyun admin``: the zone's certificate authority and its devices."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

from jinyun import zone as zones
from jinyun.net.authority import Authority, AuthorityError, passphrase_from_environment
from jinyun.state import authority_dir

__all__ = ["AuthorityError", "admin"]


def admin(args: argparse.Namespace) -> int:
    """Carry out one deed; raises :class:`AuthorityError` with the cure where it cannot be done."""
    zone = zones.load(zones.find(args.zone))
    authority = Authority(authority_dir(zone.id), zone.id)
    return {"init": _init, "enroll": _enroll, "revoke": _revoke, "list": _list}[args.deed](authority, args)


def _device(text: str) -> tuple[str, str]:
    kind, slash, device = text.partition("/")
    if not slash:
        raise AuthorityError(f"{text!r} is not KIND/ID, as in rsu/R1")
    return kind, device


def _tell(args: argparse.Namespace, facts: dict[str, object], text: str) -> int:
    print(json.dumps(facts) if args.as_json else text)
    return 0


def _init(authority: Authority, args: argparse.Namespace) -> int:
    authority.create(passphrase_from_environment(), args.name)
    text = (
        f"authority of zone {authority.zone} made in {authority.folder}\ngive its devices {authority.certificate_file}"
    )
    return _tell(args, {"folder": str(authority.folder), "certificate": str(authority.certificate_file)}, text)


def _enroll(authority: Authority, args: argparse.Namespace) -> int:
    kind, device = _device(args.device)
    request = args.request.read_bytes() if args.request else None
    certificate, key, secret = authority.enroll(passphrase_from_environment(), kind, device, args.days, request)
    args.out.mkdir(parents=True, exist_ok=True)
    base: Path = args.out / f"{kind}-{device}"
    base.with_name(base.name + ".pem").write_bytes(certificate)
    facts: dict[str, object] = {"device": f"{kind}/{device}", "certificate": f"{base}.pem"}
    text = f"{kind}/{device} may speak: {base}.pem"
    if key is not None:
        with os.fdopen(os.open(f"{base}.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key)
        facts |= {"key": f"{base}.key", "key_passphrase": secret}
        text += f"\nits key: {base}.key, encrypted; the passphrase is shown this once: {secret}"
    return _tell(args, facts, text)


def _revoke(authority: Authority, args: argparse.Namespace) -> int:
    kind, device = _device(args.device)
    authority.revoke(kind, device)
    return _tell(args, {"device": f"{kind}/{device}", "revoked": True}, f"{kind}/{device} may not speak any more")


def _list(authority: Authority, args: argparse.Namespace) -> int:
    if not authority.exists:
        raise AuthorityError(f"zone {authority.zone} has no authority: jinyun admin init")
    if args.as_json:
        print(json.dumps([asdict(enrolment) for enrolment in authority.devices()]))
        return 0
    for enrolment in authority.devices():
        state = "counts" if enrolment.counts else f"revoked {enrolment.revoked}" if enrolment.revoked else "expired"
        print(f"{enrolment.kind}/{enrolment.device}\t{enrolment.expires}\t{state}\t{enrolment.serial}")
    return 0
