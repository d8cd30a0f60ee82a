"""What the codec is held against: recorded messages, asn1tools, and random values of any type."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from jinyun.net.csae.asn1 import text
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)

SHARED = Path(__file__).parents[4] / "shared" / "data" / "csae"

EMBEDDED = [
    # facts: own minimal messages on which asn1tools, pycrate and asn1c agree
    ("MessageFrame", "00002000000000000000000018e7481815588dc7e338883e87081f41f41fdfffc00b41e04290"),
    (
        "MessageFrame",
        "07c02000000000000000000006639d20605562371f8ce20505000072d07d0e103f7b27d07d07f7ffffe82a59683c0790a4",
    ),
    ("MessageFrame", "2015253553030303031c73a40c0aac46e3f19c400020002e07d0507d0f830b0fa1c201683c00"),
    ("MessageFrame", "3002008000800082000008230000000258"),
    ("MessageFrame", "4202a4a6aa60606060628e7481815588dc7e0800200caa03e8"),
    ("MessageFrame", "100806000200028e7481815588dc7e012000200040af000004"),
    # facts: captured from live roadside units in Beijing, 2020 (github zyjohn0822/asn1-uper-v2x, Apache-2.0)
    (
        "MessageFrame",
        "002eb7d528470707070704a399af1ab4b614721fc22efc0006047e87e8401fffe022587080a68000060d614712f335e34fdc00101ac28e33"
        "5a6bc6a578002035851c6f54d78d4c2000406b0a38e9c9af1a9480008000",
    ),
    (
        "MessageFrame",
        "20131323334350000004ce3d680b06e03ff00040002664ccd569f9f811d71d944010269e80000000",
    ),
    (
        "MessageFrame",
        "4224626466686a0000018cc8e5275d434d0c2000198f64d5c110010002001f40081f5750d0aa4664b8adc2001d5d4343b11992c457080075"
        "750d209c66491bac2001d5d434d0d1991ca4f080000640",
    ),
]


def shared(name: str) -> Any:
    """Return a file of the shared data; skip the test where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {path.name}: the shared data is not here")
    return json.loads(path.read_text())


def vectors() -> list[tuple[str, bytes]]:
    """Return every recorded message as (type, octets): the embedded ones, and the shared ones where they are."""
    found = [(name, bytes.fromhex(text)) for name, text in EMBEDDED]
    for file in ("vectors-stage1.json", "vectors-stage2.json", "vectors-minimal.json"):
        if (SHARED / file).exists():
            found += [(v.get("type", "MessageFrame"), bytes.fromhex(v["hex"])) for v in shared(file)]
    return found


def _tuples(value: Any) -> Any:
    """Restore what JSON made lists of in asn1tools' dictionary."""
    if isinstance(value, list):
        return [_tuples(v) for v in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for key, inner in value.items():
        if key in ("size", "restricted-to", "named-bits") or (key == "values" and isinstance(inner, list)):
            out[key] = [tuple(v) if isinstance(v, list) else v for v in inner]
        else:
            out[key] = _tuples(inner)
    return out


@cache
def asn1() -> Any:
    """Return asn1tools compiled from the shared types, from our own table where they are not here."""
    asn1tools = pytest.importorskip("asn1tools")
    if not (SHARED / "types.json").exists():
        return asn1tools.compile_string(text(), "uper")
    return asn1tools.compile_dict(_tuples(shared("types.json")), "uper")


def random_value(dictionary: Dictionary, of: Type | str, rng: random.Random, longest: int = 4) -> Any:
    """Return a value of a type: bounds about as often as what lies between, lists of at most about ``longest``."""
    shape = dictionary.shape(of)
    match shape:
        case Integer():
            return rng.choice([shape.low, shape.high, *[rng.randint(shape.low, shape.high)] * 3])
        case Boolean():
            return rng.random() < 0.5
        case Enumerated():
            return rng.choice(shape.names)
        case BitString():
            number = rng.getrandbits(shape.size) << -shape.size % 8
            return number.to_bytes((shape.size + 7) // 8, "big"), shape.size
        case OctetString():
            high = shape.low + 2 * longest if shape.high is None else shape.high
            return rng.randbytes(rng.choice([shape.low, high, rng.randint(shape.low, high)]))
        case Characters():
            return "".join(
                chr(rng.randrange(128)) for _ in range(rng.choice([shape.low, rng.randint(shape.low, shape.high)]))
            )
        case SequenceOf():
            high = shape.low + longest if shape.high is None else min(shape.high, shape.low + longest)
            if shape.high is not None and rng.random() < 0.03 and shape.high <= 64:
                high = shape.high
            inner = max(1, longest - 1)
            return [random_value(dictionary, shape.element, rng, inner) for _ in range(rng.randint(shape.low, high))]
        case Sequence():
            some = rng.choice([0.1, 0.5, 0.9])
            members = [*shape.members, *(m for m in shape.additions or () if rng.random() < 0.3)]
            return {
                m.name: random_value(dictionary, m.type, rng, longest)
                for m in members
                if not m.optional or rng.random() < some
            }
        case Choice():
            member = rng.choice([*shape.members, *(shape.additions or ())])
            return member.name, random_value(dictionary, member.type, rng, longest)
    raise TypeError(shape)
