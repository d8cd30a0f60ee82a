"""``jinyun message``: messages of the standards."""

from __future__ import annotations

import argparse
import sys

from jinyun.cli import bench
from jinyun.cli.kinds import Verbs, positive


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    message = verbs.add_parser("message", help="look at messages of T/CSAE 53 and 157, make, compare and check them")
    deeds = message.add_subparsers(dest="deed", required=True, metavar="DEED")
    decode = deeds.add_parser("decode", help="lay messages out: every field with unit and meaning")
    decode.add_argument("message", help="hexadecimal, a file with a message a line, or - for standard input")
    decode.add_argument("--bits", action="store_true", help="also say where each field lies")
    encode = deeds.add_parser("encode", help="make messages from their JSON form (what decode --json prints)")
    encode.add_argument("message", help="JSON, a file with a message a line, or -")
    diff = deeds.add_parser("diff", help="what differs between two messages (exit code 1 if anything)")
    diff.add_argument("one", help="hexadecimal or a file")
    diff.add_argument("other", help="hexadecimal or a file")
    check = deeds.add_parser("check", help="decode, encode again and compare every message of a file")
    check.add_argument("file", help="lines of hexadecimal, or a JSON list of objects with hex and type")
    sniff = deeds.add_parser("sniff", help="listen to a running zone")
    sniff.add_argument("--zone", help="the zone (default: science-city)")
    sniff.add_argument("--kind", help="this message only: bsm, rsm, spat, map, rsi, ssm, vir, psm, ...")
    sniff.add_argument("--device", help="this device only")
    sniff.add_argument("--count", type=int, help="end after so many")
    sniff.add_argument("--seconds", type=positive, help="end after so long")
    sniff.add_argument("--tree", action="store_true", help="every field")
    sniff.add_argument("--hex", action="store_true", help="receive time (ms) and bytes: a recording that replay takes")
    send = deeds.add_parser("send", help="send one message down to a device of a running zone")
    send.add_argument("device", help="KIND/ID: rsu/R1, obu/car-7")
    send.add_argument("message", help="hexadecimal, JSON (what decode --json prints), a file, or -")
    send.add_argument("--zone", help="the zone (default: science-city)")
    send.add_argument(
        "--scheme", choices=["plain", "gateway", "json"], default="plain",
        help="bare UPER (default), the RSU gateway's envelope, or JSON as OpenV2X's devices take it",
    )  # fmt: skip
    send.add_argument(
        "--wait", type=positive, default=5.0, help="with json: seconds to wait for the receipt (default 5)"
    )
    deeds.add_parser("bench", help="how fast messages are decoded and encoded, beside asn1tools (jinyun bench codec)")
    for deed in (decode, encode, diff, check):
        deed.add_argument(
            "--dialect", choices=["A", "B", "A158", "B158"], default="A", help="layout and id table (default A)"
        )
    for deed in (decode, diff, check, sniff, send, deeds.choices["bench"]):
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    for deed in (decode, sniff):
        deed.add_argument("--lang", choices=["zh", "en", "both"], default="en", help="language of meanings")
    return message


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.message import message
    from jinyun.net.authority import AuthorityError
    from jinyun.net.octets import MessageError

    if args.deed == "bench":
        args.name = "codec"
        return bench.perform(args)
    try:
        return message(args)
    except (MessageError, AuthorityError) as error:
        print(f"jinyun message: {error}", file=sys.stderr)
        return 2
