"""``jinyun message``: look at messages, make them, compare and check them, and listen to a running zone.

Made for pipes: one message a line in, one answer a message out; exit code 1 where one was refused.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinyun import wire
from jinyun.net import csae
from jinyun.net.csae import CsaeError, explain, jer
from jinyun.net.octets import MessageError, is_file, lines_of, octets_of


def message(args: argparse.Namespace) -> int:
    """Carry out one deed; return the exit code. Raises :class:`MessageError`."""
    return {
        "decode": _decode,
        "encode": _encode,
        "diff": _diff,
        "check": _check,
        "sniff": wire.sniff,
        "send": wire.send,
    }[args.deed](args)


def _decode(args: argparse.Namespace) -> int:
    refused = 0
    for text in lines_of(args.message):
        data = octets_of(text)
        try:
            if args.as_json:
                print(
                    json.dumps(jer.to_json(*csae.decode(data, args.dialect), args.dialect), ensure_ascii=False),
                    flush=True,
                )
            else:
                print(explain.tree(data, args.dialect, args.lang, args.bits), flush=True)
        except CsaeError as error:
            refused += 1
            others = [found.dialect for found in explain.check(data) if found.error is None]
            hint = f" (dialect {', '.join(others)} accepts it: --dialect {others[0]})" if others else ""
            print(f"refused: {error}{hint}", file=sys.stderr)
    return 1 if refused else 0


def _encode(args: argparse.Namespace) -> int:
    refused = 0
    pretty = is_file(args.message) and Path(args.message).read_text().lstrip().startswith("{\n")
    for text in [Path(args.message).read_text()] if pretty else lines_of(args.message):
        try:
            form = json.loads(text)
            print(csae.encode(*jer.frame_from_json(form, args.dialect), args.dialect).hex(), flush=True)
        except json.JSONDecodeError as error:
            raise MessageError(f"{text[:40]!r} is no JSON: {error}") from None
        except CsaeError as error:
            refused += 1
            print(f"refused: {error}", file=sys.stderr)
    return 1 if refused else 0


def _diff(args: argparse.Namespace) -> int:
    one, other = (octets_of(next(lines_of(given))) for given in (args.one, args.other))
    try:
        rows = explain.differences(one, other, args.dialect)
    except CsaeError as error:
        raise MessageError(str(error)) from None
    if args.as_json:
        print(json.dumps([{"field": path, "one": a, "other": b} for path, a, b in rows], ensure_ascii=False))
    else:
        for path, a, b in rows:
            print(f"{path}\t{a or '(absent)'}\t{b or '(absent)'}")
    return 1 if rows else 0


def _candidates(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (name, type, hex) of a file of hex lines or a JSON list of objects with ``hex`` (and ``type``, ``frame``)."""
    text = path.read_text("utf-8", "replace")
    if not text.lstrip().startswith("["):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                yield f"line {number}", "MessageFrame", octets_of(line.strip()).hex()
        return
    for number, row in enumerate(json.loads(text), 1):
        if not isinstance(row, dict) or not isinstance(row.get("hex"), str):
            raise MessageError(f"{path}: entry {number} has no hex")
        name = str(row.get("name", f"entry {number}"))
        kind = row.get("type")
        yield name, str(kind or "MessageFrame"), row["hex"]
        frame = row.get("frame")
        if isinstance(frame, str) and re.fullmatch(r"[0-9a-fA-F]{8,}", frame):
            yield f"{name} in its frame", "MessageFrame", frame


def check_file(path: Path, dialect: str = "A") -> dict[str, Any]:
    """Return how many messages of a file decode and encode again to the same bytes, and why others are refused."""
    frames = exact = 0
    reasons = []
    for name, kind, text in _candidates(path):
        frames += 1
        data = bytes.fromhex(text)
        try:
            if kind == "MessageFrame":
                again = csae.encode(*csae.decode(data, dialect), dialect)
            else:
                again = csae.encode_type(kind, csae.decode_type(kind, data, dialect), dialect)
        except CsaeError as error:
            reasons.append({"message": name, "reason": str(error)})
            continue
        if again == data:
            exact += 1
        else:
            reasons.append({"message": name, "reason": "encodes to other bytes"})
    return {"frames": frames, "exact": exact, "refused": frames - exact, "reasons": reasons}


def _check(args: argparse.Namespace) -> int:
    path = Path(args.file)
    try:
        found = check_file(path, args.dialect)
    except OSError as error:
        raise MessageError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError) as error:
        raise MessageError(f"{path}: {error}") from None
    if args.as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(f"{found['frames']} messages, {found['exact']} exact, {found['refused']} refused")
        for row in found["reasons"]:
            print(f"  {row['message']}: {row['reason']}")
    return 1 if found["refused"] else 0
