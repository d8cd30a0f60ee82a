"""``jinyun message``: look at messages, make them, compare and check them, and listen to a running zone.

Made for pipes: one message a line in, one answer a message out; exit code 1 where one was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinyun import zone as zones
from jinyun.net import csae, gateway, topics
from jinyun.net.csae import CsaeError, explain, jer
from jinyun.net.csae.types import message_ids
from jinyun.net.ingest import BlockReader, open_reader
from jinyun.state import read_json, state_dir

_HEX = re.compile(r"(?:\d{12,14}\s+)?([0-9A-Fa-f\s]*)\Z")


class MessageError(Exception):
    """What was given is no message; one clear line."""


def message(args: argparse.Namespace) -> int:
    """Carry out one deed; return the exit code. Raises :class:`MessageError`."""
    return {"decode": _decode, "encode": _encode, "diff": _diff, "check": _check, "sniff": _sniff}[args.deed](args)


def _is_file(given: str) -> bool:
    try:
        return Path(given).is_file()
    except (OSError, ValueError):
        return False  # a message is too long for a name


def _lines(given: str) -> Iterator[str]:
    """Yield the lines of what was given: standard input for ``-``, a file's, or the text itself."""
    if given == "-":
        yield from (line.strip() for line in sys.stdin if line.strip())
    elif _is_file(given):
        for line in Path(given).read_text("utf-8", "replace").splitlines():
            if line.strip() and not line.startswith("#"):
                yield line.strip()
    else:
        yield given.strip()


def _octets(text: str) -> bytes:
    found = _HEX.match(text)
    try:
        if not found:
            raise ValueError
        return bytes.fromhex(found[1])
    except ValueError:
        raise MessageError(f"{text[:60]!r} is neither a file nor hexadecimal") from None


def _decode(args: argparse.Namespace) -> int:
    refused = 0
    for text in _lines(args.message):
        data = _octets(text)
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
    pretty = _is_file(args.message) and Path(args.message).read_text().lstrip().startswith("{\n")
    for text in [Path(args.message).read_text()] if pretty else _lines(args.message):
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
    one, other = (_octets(next(_lines(given))) for given in (args.one, args.other))
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
                yield f"line {number}", "MessageFrame", _octets(line.strip()).hex()
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


def _sniff(args: argparse.Namespace) -> int:
    zone = zones.load(zones.find(args.zone))
    running = read_json(state_dir(zone.id) / "run.json")
    if not running:
        raise MessageError(f"zone {zone.id} does not run here: start jinyun run first")
    return asyncio.run(_listen(args, zone.id, int(running["nats"].rsplit(":", 1)[1])))


async def _listen(args: argparse.Namespace, zone: str, port: int) -> int:
    try:
        reader: BlockReader = await open_reader("127.0.0.1", port, topics.up_subjects(zone), "jinyun-sniff")
    except (OSError, TimeoutError) as error:
        raise MessageError(f"no broker at port {port}: {error}") from None
    shown, end_at = 0, time.monotonic() + args.seconds if args.seconds else float("inf")
    while (args.count is None or shown < args.count) and time.monotonic() < end_at and not reader.closed.is_set():
        await asyncio.sleep(0.05)
        block = reader.take()
        for arrival in block.arrivals() if block is not None else ():
            route = topics.route(arrival.subject)
            if (
                route is None
                or (args.kind and route.message != args.kind)
                or (args.device and route.device != args.device)
            ):
                continue
            for data in _frames(route, arrival.payload):
                if args.count is None or shown < args.count:
                    _show(args, arrival.receive_us, route, data)
                    shown += 1
    reader.close()
    return 0


def _frames(route: topics.Route, payload: bytes) -> list[bytes]:
    if route.scheme != "gateway" or payload[:1] == b"{":
        return [payload]
    try:
        return gateway.unwrap(payload, route.message).frames
    except gateway.EnvelopeError:
        return [payload]


def _show(args: argparse.Namespace, receive_us: int, route: topics.Route, data: bytes) -> None:
    head = f"{receive_us / 1e6:.3f} {route.kind}/{route.device or '-'} {route.message} {len(data)} B"
    if args.hex:
        print(f"{receive_us // 1000} {data.hex()}", flush=True)
        return
    try:
        name, value = csae.decode(data)
    except CsaeError as error:
        print(f"{head} refused: {error}", flush=True)
        return
    if args.as_json:
        row = {"t_us": receive_us, "device": route.device, "message": jer.to_json(name, value)}
        print(json.dumps(row, ensure_ascii=False), flush=True)
    elif args.tree:
        print(head, explain.tree(data, language=args.lang), sep="\n", flush=True)
    else:
        print(f"{head} {_summary(name, value)}", flush=True)


def _summary(name: str, value: dict[str, Any]) -> str:
    """Return one line of what a message says."""
    if name == "bsmFrame":
        lon, lat = value["pos"]["long"] / 1e7, value["pos"]["lat"] / 1e7
        return f"{lon:.6f},{lat:.6f} {value['speed'] * 0.02:.1f} m/s {value['heading'] * 0.0125:.1f} deg"
    if name == "rsmFrame":
        kinds = [row["ptcType"] for row in value["participants"]]
        return " ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    if name == "spatFrame":
        phases = [phase for junction in value["intersections"] for phase in junction["phases"]]
        return " ".join(f"{phase['id']}:{phase['phaseStates'][0]['light']}" for phase in phases)
    if name == "mapFrame":
        return " ".join(f"node {node['id']['id']}: {len(node.get('inLinks', ()))} links" for node in value["nodes"])
    if name == "msgFrameExt":
        return message_ids("A").get(value["messageId"], f"message {value['messageId']}")
    return f"{len(value.get('rtes', ()))} events, {len(value.get('rtss', ()))} signs"
