"""The ``jinyun`` command: one verb for each thing people do with a zone.

Exit codes: 0 done, 1 the work found something wrong, 2 the command was not understood or cannot be carried out.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jinyun import __version__


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share between 0 and 1")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 5000:
        raise argparse.ArgumentTypeError(f"{text} is no number of vehicles (0..5000)")
    return int(text)


def _port(text: str) -> int:
    value = int(text) if text.isdecimal() else -1
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f"{text} is no port (0..65535, 0 = any free one)")
    return value


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = argparse.ArgumentParser(prog="jinyun", description="Jinyun 缙云: one system for a vehicle-road-cloud zone.")
    top.add_argument("--version", action="version", version=f"jinyun {__version__}")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    run = verbs.add_parser("run", help="start a zone: broker, cloud, centre and (unless --no-world) a simulated street")
    run.add_argument("zone", nargs="?", help="folder or name of a zone (default: science-city)")
    run.add_argument("--seconds", type=_positive, help="end by itself after so long")
    run.add_argument("--headless", action="store_true", help="without the page")
    run.add_argument(
        "--no-world", dest="world", action="store_false", help="no simulated street: wait for real devices"
    )
    run.add_argument("--host", default="127.0.0.1", help="address of the page (default 127.0.0.1)")
    run.add_argument("--port", type=_port, default=8042, help="port of the page (default 8042, 0 = any)")
    run.add_argument(
        "--mqtt-host", default="127.0.0.1", help="address for devices; another than loopback needs an authority"
    )
    run.add_argument("--mqtt-port", type=_port, default=1883, help="port for devices (default 1883, 0 = any)")
    run.add_argument("--nats-port", type=_port, default=4222, help="port of the broker (default 4222, 0 = any)")
    run.add_argument(
        "--nev-port", type=_port, help="also take vehicles and platforms by GB/T 32960 there (usual: 32960)"
    )
    run.add_argument("--connected", type=_share, help="share of simulated cars that send BSM (default: the zone's)")
    run.add_argument("--seed", type=int, help="seed of the simulated street")
    run.add_argument("--truth", action="store_true", help="the street also writes its ground truth (for tests)")
    run.add_argument("--record", type=Path, metavar="DIR", help="keep every message in a raw log there")
    run.add_argument("--json", action="store_true", dest="as_json", help="end with one JSON object of figures")

    replay = verbs.add_parser("replay", help="play recordings through the same path, by their own clock")
    replay.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="raw log *.jyr, radar JSON, or lines of hex"
    )
    replay.add_argument(
        "--zone", help="zone whose place and devices apply (default: the running one, else science-city)"
    )
    replay.add_argument("--speed", type=_positive, help="times real time (default 1; with --json as fast as it goes)")
    replay.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object instead of a page")

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
    sniff.add_argument("--seconds", type=_positive, help="end after so long")
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
        "--wait", type=_positive, default=5.0, help="with json: seconds to wait for the receipt (default 5)"
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

    apps = verbs.add_parser(
        "apps", help="the cooperative applications: what there are, what each does, how right they are"
    )
    deeds = apps.add_subparsers(dest="deed", required=True, metavar="DEED")
    listed = deeds.add_parser("list", help="all applications, a line each; with --json their numbers too")
    explain = deeds.add_parser("explain", help="what one does, whom it tells what, with which numbers from where")
    explain.add_argument("name", metavar="NAME", help="the application, as FCW")
    for deed in (listed, explain):
        deed.add_argument("--zone", help="the zone whose numbers apply (default: science-city)")
    evaluate = deeds.add_parser("evaluate", help="hold advice against the true future of simulated streets (minutes)")
    evaluate.add_argument("--only", metavar="NAMES", help="these applications only, as FCW,ICW")
    evaluate.add_argument("--seconds", type=_positive, help="seconds of each street (default 120)")
    evaluate.add_argument("--seed", type=int, help="one street, of this seed (default: two)")
    for deed in deeds.choices.values():
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    quality = verbs.add_parser("quality", help="how well the roadside sees: the zone's scorecard")
    deeds = quality.add_subparsers(dest="deed", required=True, metavar="DEED")
    report = deeds.add_parser(
        "report", help="faults to be repaired and every device's figures; exit code 1: faults stand"
    )
    report.add_argument("--zone", help="the zone (default: science-city)")
    report.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    report.add_argument("--html", type=Path, metavar="FILE", help="write one page with pictures")

    map_ = verbs.add_parser(
        "map", help="look at a map of any format, check it, compare, convert, say it in MAP messages"
    )
    deeds = map_.add_subparsers(dest="deed", required=True, metavar="DEED")
    info = deeds.add_parser("info", help="what is in a map, and what of its file was left out")
    check = deeds.add_parser("check", help="hold a map against the rules (exit code 1 if one is broken badly)")
    check.add_argument("--geojson", type=Path, metavar="FILE", help="write the findings as points there")
    check.add_argument("--png", type=Path, metavar="FILE", help="draw the map and number the findings in it there")
    convert = deeds.add_parser("convert", help="write a map in another format")
    mapdata = deeds.add_parser("mapdata", help="a junction as MAP messages, field by field")
    mapdata.add_argument("--junction", required=True, metavar="ID", help="the junction's id or number")
    form = mapdata.add_mutually_exclusive_group()
    form.add_argument("--hex", action="store_true", dest="as_hex", help="a message a line in hexadecimal")
    form.add_argument("--json", action="store_true", dest="as_json", help="a message a line in JSON")
    mapdata.add_argument("--dialect", choices=["A", "B"], default="A", help="layout (default A)")
    for deed in (info, check, convert):
        deed.add_argument("map", help="map file (OpenDRIVE, Lanelet2, SUMO, OSM), or folder or name of a zone")
    convert.add_argument("out", type=Path, help="file to write: .xodr, .osm (Lanelet2), .net.xml (SUMO) or .geojson")
    mapdata.add_argument("map", nargs="?", help="map file or zone (default: science-city)")
    diff = deeds.add_parser("diff", help="what changed from one revision to the next (exit code 1 if anything)")
    diff.add_argument("old", help="map file or zone")
    diff.add_argument("new", help="map file or zone")
    for deed in (info, check, diff):
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    for deed in (check, mapdata):
        deed.add_argument("--lang", choices=["zh", "en", "both"], default="en", help="language of reasons and meanings")
    for deed in (info, check, convert, mapdata, diff):
        deed.add_argument(
            "--origin", metavar="LON,LAT", help="where the zero of a file's metres lies, if it does not say"
        )

    zone = verbs.add_parser("zone", help="make a zone")
    deeds = zone.add_subparsers(dest="deed", required=True, metavar="DEED")
    new = deeds.add_parser("new", help="a running zone of a map file, with units, sensors and traffic by rule")
    new.add_argument("folder", type=Path, metavar="DIR", help="folder to make; its name is the zone's id")
    new.add_argument("--map", type=Path, required=True, metavar="FILE", help="OpenDRIVE, Lanelet2, SUMO net or OSM")
    new.add_argument("--name", help="what people call it (default: the folder's name)")
    new.add_argument("--origin", metavar="LON,LAT", help="where the zero of the file's metres lies, if it does not say")
    new.add_argument("--vehicles", type=_count, help="how many simulated vehicles (default: by the length of lanes)")
    new.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    admin = verbs.add_parser("admin", help="who may speak: the zone's certificate authority and its devices")
    deeds = admin.add_subparsers(dest="deed", required=True, metavar="DEED")
    init = deeds.add_parser("init", help="make the zone's authority; its passphrase comes from JINYUN_PASSPHRASE")
    init.add_argument("--name", action="append", default=[], help="host name or address devices reach the broker by")
    enroll = deeds.add_parser("enroll", help="issue (or renew) a device's certificate")
    enroll.add_argument("device", help="KIND/ID: rsu/R1, obu/car-7, sensor/N22, gateway/G1")
    enroll.add_argument("--out", type=Path, default=Path(), help="folder for the files (default: here)")
    enroll.add_argument("--request", type=Path, help="a CSR of the device, which keeps its own key")
    enroll.add_argument("--days", type=_positive, default=365, help="how long it counts (default 365)")
    revoke = deeds.add_parser("revoke", help="stop a device's certificates from counting, at once")
    revoke.add_argument("device", help="KIND/ID")
    deeds.add_parser("list", help="every certificate that was issued")
    for deed in deeds.choices.values():
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")

    bench = verbs.add_parser("bench", help="measure; prints one JSON object")
    bench.add_argument("name", help="which measurement")
    bench.add_argument("--json", action="store_true", help="(always: the output is JSON)")
    bench.add_argument("--seconds", type=_positive, help="how long, for measurements that can be told")

    fuse = verbs.add_parser("fuse", help="run the fusion over a recording of plain JSON sightings (docs/fusion.md)")
    fuse.add_argument("file", type=Path, metavar="FILE", help="JSON list of sightings, or one object a line")
    fuse.add_argument("--json", action="store_true", dest="as_json", help="print tracks and account as one JSON object")
    fuse.add_argument("--out", type=Path, metavar="FILE", help="write the frames there, one JSON object a line")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return its exit code."""
    args = parser().parse_args(argv)
    from jinyun.zone import ZoneError

    try:
        return _VERBS[args.verb](args)
    except ZoneError as error:
        for line in error.messages:
            print(line, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


def _run(args: argparse.Namespace) -> int:
    from jinyun.run import Options, RunError, run

    values = {key: value for key, value in vars(args).items() if key != "verb"}
    try:
        return run(Options(**values))
    except (RunError, FileNotFoundError) as error:
        print(f"jinyun run: {error}", file=sys.stderr)
        return 2


def _replay(args: argparse.Namespace) -> int:
    from jinyun.replay import ReplayError, replay

    try:
        result = replay(args.files, args.zone, args.speed, args.as_json)
    except ReplayError as error:
        print(f"jinyun replay: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, ensure_ascii=False, indent=None if args.as_json else 2))
    return 0


def _apps(args: argparse.Namespace) -> int:
    from jinyun.apps import AppsError, apps

    try:
        return apps(args)
    except AppsError as error:
        print(f"jinyun apps: {error}", file=sys.stderr)
        return 2


def _quality(args: argparse.Namespace) -> int:
    from jinyun.quality import ReportError, quality

    try:
        return quality(args)
    except (ReportError, OSError) as error:
        print(f"jinyun quality: {error}", file=sys.stderr)
        return 2


def _message(args: argparse.Namespace) -> int:
    from jinyun.message import message
    from jinyun.net.authority import AuthorityError
    from jinyun.net.octets import MessageError

    if args.deed == "bench":
        args.name = "codec"
        return _bench(args)
    try:
        return message(args)
    except (MessageError, AuthorityError) as error:
        print(f"jinyun message: {error}", file=sys.stderr)
        return 2


def _map(args: argparse.Namespace) -> int:
    from jinyun.hdmap import CompileError, MapError
    from jinyun.map import map_command

    try:
        return map_command(args)
    except (MapError, CompileError, OSError) as error:
        print(f"jinyun map: {error}", file=sys.stderr)
        return 2


def _zone(args: argparse.Namespace) -> int:
    from jinyun.founding import zone_command
    from jinyun.hdmap import CompileError, MapError
    from jinyun.zone import ZoneError

    try:
        return zone_command(args)
    except (MapError, CompileError, ZoneError, OSError) as error:
        print(f"jinyun zone: {error}", file=sys.stderr)
        return 2


def _admin(args: argparse.Namespace) -> int:
    from jinyun.admin import AuthorityError, admin

    try:
        return admin(args)
    except (AuthorityError, OSError) as error:
        print(f"jinyun admin: {error}", file=sys.stderr)
        return 2


def _bench(args: argparse.Namespace) -> int:
    from jinyun import bench

    if args.name not in bench.names():
        print(f"jinyun bench: no measurement {args.name!r}; there are: {', '.join(bench.names())}", file=sys.stderr)
        return 2
    seconds = getattr(args, "seconds", None)
    if seconds is not None and not bench.takes_seconds(args.name):
        print(f"jinyun bench: {args.name} cannot be told how long to take", file=sys.stderr)
        return 2
    options = {} if seconds is None else {"seconds": seconds}
    print(json.dumps(bench.measure(args.name, **options), ensure_ascii=False))
    return 0


def _fuse(args: argparse.Namespace) -> int:
    from jinyun.cloud.plain import PlainError, command

    try:
        result = command(args.file, args.out, args.as_json)
    except (PlainError, OSError) as error:
        print(f"jinyun fuse: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, ensure_ascii=False, indent=None if args.as_json else 2))
    return 1 if result["refused"] else 0


_VERBS = {"run": _run, "replay": _replay, "apps": _apps, "quality": _quality, "message": _message, "map": _map,
          "zone": _zone, "admin": _admin, "bench": _bench, "fuse": _fuse}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
