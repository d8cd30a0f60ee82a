"""On the wire of a running zone: listen to what devices send (``message sniff``), send one a message (``message send``)."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

from jinyun import zone as zones
from jinyun.net import csae, downlink, gateway, rsu_json, rsu_status, topics
from jinyun.net.authority import hint, parts_token
from jinyun.net.csae import CsaeError, explain, jer
from jinyun.net.csae.program import FIRST_STAGE
from jinyun.net.csae.types import message_ids
from jinyun.net.ingest import BlockReader, open_reader
from jinyun.net.octets import MessageError, is_file, lines_of, octets_of
from jinyun.state import read_json, state_dir


def sniff(args: argparse.Namespace) -> int:
    """Print what devices send, until told to stop; raises :class:`MessageError`."""
    zone, port = _running(args.zone)
    return asyncio.run(_listen(args, zone, port))


def _running(name: str | None) -> tuple[str, int]:
    """Return (zone id, port of its broker) of a zone that runs here."""
    zone = zones.load(zones.find(name))
    found = read_json(state_dir(zone.id) / "run.json")
    if not found:
        raise MessageError(f"zone {zone.id} does not run here: start jinyun run first")
    return zone.id, int(found["nats"].rsplit(":", 1)[1])


async def _open(zone: str, port: int, subjects: list[str], name: str) -> BlockReader:
    try:
        return await open_reader("127.0.0.1", port, subjects, name, token=parts_token(zone))
    except (OSError, TimeoutError) as error:
        raise MessageError(f"no broker at port {port}: {error}{hint(zone)}") from None


async def _listen(args: argparse.Namespace, zone: str, port: int) -> int:
    reader = await _open(zone, port, topics.up_subjects(zone), "jinyun-sniff")
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


def _given(text: str) -> tuple[str, dict[str, Any]]:
    """Return (name in topics, value) of a message in hexadecimal or in the JSON that ``decode --json`` prints."""
    if is_file(text) or text == "-":
        text = "\n".join(lines_of(text))
    try:
        if text.lstrip().startswith("{"):
            frame, value = jer.frame_from_json(json.loads(text), "A")
        else:
            frame, value = csae.decode(octets_of(text))
    except json.JSONDecodeError as error:
        raise MessageError(f"no JSON: {error}") from None
    except CsaeError as error:
        raise MessageError(str(error)) from None
    if frame in FIRST_STAGE:
        return topics.MESSAGES[FIRST_STAGE.index(frame)], value
    name, inner = value["value"]
    return next(word for word, known in topics.SECOND_STAGE.items() if known == name), inner


def send(args: argparse.Namespace) -> int:
    """Send one message down to a device; with ``--scheme json`` wait for its receipt. Raises :class:`MessageError`.

    Exit code 1 where a receipt was waited for and none came, or it tells of an error.
    """
    kind, _, device = args.device.partition("/")
    if kind not in topics.DEVICE_KINDS or not topics.device_id_is_good(device):
        raise MessageError(f"{args.device!r} is no device: KIND/ID with a kind of {', '.join(topics.DEVICE_KINDS)}")
    message, value = _given(args.message)
    zone, port = _running(args.zone)
    sequence = time.time_ns() // 1_000_000 % 1_000_000_000
    try:
        topic, payload = downlink.address(
            args.scheme, zone, kind, device, message, value, sequence, time.time_ns() // 1_000_000
        )
    except CsaeError as error:
        raise MessageError(str(error)) from None
    return asyncio.run(_send(zone, port, device, topic, payload, str(sequence), args))


async def _send(
    zone: str, port: int, device: str, topic: str, payload: bytes, sequence: str, args: argparse.Namespace
) -> int:
    waits = args.scheme == "json"
    reader = await _open(zone, port, [f"V2X.RSU.{device}.*.DOWN.ACK"] if waits else [], "jinyun-send")
    reader.publish(topics.subject_of(topic), payload)
    receipt = await _receipt(reader, sequence, args.wait) if waits else None
    reader.close()
    told = None if receipt is None else {"error": receipt.error, "reason": receipt.reason}
    if args.as_json:
        print(json.dumps({"topic": topic, "bytes": len(payload), "receipt": told}))
    else:
        print(f"{topic} {len(payload)} B")
        if waits:
            print("no receipt" if told is None else "taken" if not told["error"] else f"refused: error {told['error']}")
    return 1 if waits and (told is None or told["error"]) else 0


async def _receipt(reader: BlockReader, sequence: str, wait_s: float) -> rsu_status.Delivered | None:
    """Return the device's receipt for a message, None where none comes in time."""
    end_at = time.monotonic() + wait_s
    while time.monotonic() < end_at and not reader.closed.is_set():
        await asyncio.sleep(0.02)
        block = reader.take()
        for arrival in block.arrivals() if block is not None else ():
            try:
                receipt = rsu_status.delivered(rsu_json.load(arrival.payload))
            except rsu_json.FormError:
                continue
            if receipt.sequence == sequence:
                return receipt
    return None
