"""A message laid out for people: every member with its bits, its number, what that measures, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinyun.net.csae import codec, dissect
from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.meaning import meaning
from jinyun.net.csae.meaning.codes import CODES
from jinyun.net.csae.notation import (
    BitString,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)
from jinyun.net.csae.types import DIALECTS, dictionary, message_ids
from jinyun.net.csae.units import QUANTITIES

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Line:
    """A member: its path, how deep it stands, its bits (-1 for what has none of its own), and its texts.

    ``value`` is as on the wire, ``reading`` what it measures or names, ``zh`` and ``en`` what the member means.
    """

    path: str
    depth: int
    bit: int
    width: int
    value: str
    reading: str
    zh: str
    en: str


def lines(data: bytes, dialect: str = "A") -> list[Line]:
    """Return every member of a MessageFrame in the order of its bits. Raises :class:`CsaeError` like ``decode``."""
    types = dictionary(dialect)
    name, value = codec.decode(data, dialect)
    places = {f.path: (f.bit, f.width) for f in dissect.layout(types, "MessageFrame", data)}
    walker = _Walker(types, places)
    content = value.get("value") if name == "msgFrameExt" else None
    if not isinstance(content, tuple):
        walker.walk(Named("MessageFrame"), "", (name, value), "", -1, ("", ""))
        return walker.found
    inner, message = content
    _, frame = codec.decode_type("MessageFrame", data, dialect)
    bit, width = places["msgFrameExt.value"]
    begin = bit + width - 8 * len(frame["value"])
    for field in dissect.layout(types, inner, frame["value"]):
        places[f"msgFrameExt.value.{field.path}"] = (begin + field.bit, field.width)
    walker.walk(Named("MessageFrame"), "", (name, {"messageId": value["messageId"]}), "", -1, ("", ""))
    walker.put("msgFrameExt.value", 1, inner, "", meaning("MessageFrameExt", "value"))
    walker.walk(Named(inner), inner, message, "msgFrameExt.value", 1, ("", ""))
    return walker.found


class _Walker:
    """Collects the lines of a value."""

    def __init__(self, types: Dictionary, places: dict[str, tuple[int, int]]) -> None:
        self.types = types
        self.places = places
        self.found: list[Line] = []

    def put(self, path: str, depth: int, value: str, reading: str, texts: tuple[str, str]) -> None:
        bit, width = self.places.get(path, (-1, 0))
        self.found.append(Line(path, depth, bit, width, value, reading, *texts))

    def walk(self, of: Type, place: str, value: Any, path: str, depth: int, texts: tuple[str, str]) -> None:
        """Add the lines of a value; ``place`` is its type's name, or its place in its parent's."""
        place = of.name if isinstance(of, Named) else place
        shape = self.types.shape(of)
        match shape:
            case Sequence():
                if path and depth >= 0 and any(texts):
                    self.put(path, depth, "", "", texts)
                members = {m.name: m.type for m in (*shape.members, *(shape.additions or ()))}
                for name, inner in value.items():
                    below = f"{path}.{name}" if path else name
                    self.walk(members[name], f"{place}.{name}", inner, below, depth + 1, meaning(place, name))
            case SequenceOf():
                self.put(path, depth, f"{len(value)}", "", texts)
                for i, inner in enumerate(value):
                    self.walk(
                        shape.element,
                        f"{place}[]",
                        inner,
                        f"{path}[{i}]",
                        depth + 1,
                        (f"第 {i + 1} 个", f"no. {i + 1}"),
                    )
            case Choice():
                name, inner = value
                if path:
                    self.put(path, depth, name or "", "", texts)
                if name is not None:
                    members = {m.name: m.type for m in (*shape.members, *(shape.additions or ()))}
                    below = f"{path}.{name}" if path else name
                    self.walk(members[name], f"{place}.{name}", inner, below, depth + 1, meaning(place, name))
            case _:
                self.put(path, depth, *_leaf(shape, place, value), texts)


def _leaf(shape: Any, place: str, value: Any) -> tuple[str, str]:
    """Return a leaf's value and reading as text."""
    match shape:
        case Integer() if place in QUANTITIES:
            quantity = QUANTITIES[place]
            if value in quantity.unknown:
                return str(value), "not known"
            digits = len(f"{quantity.step:.7f}".rstrip("0").partition(".")[2])
            return str(value), f"{value * quantity.step:.{digits}f} {quantity.unit}"
        case Integer() if place in CODES:
            return str(value), CODES[place].get(value, "")
        case Enumerated():
            return "unknown extension" if value is None else value, ""
        case BitString():
            bits = f"{int.from_bytes(value[0], 'big') >> -value[1] % 8:0{value[1]}b}"
            names = [shape.names[i] for i, bit in enumerate(bits) if bit == "1" and i < len(shape.names)]
            return bits, ", ".join(names)
        case OctetString():
            return value.hex(), _text(value, place)
        case Characters():
            return repr(value), ""
    return str(value), ""


def _text(value: bytes, place: str) -> str:
    """Return octets as text where they are one."""
    if place.endswith("textGB2312"):
        return value.decode("gb2312", "replace")
    return value.decode("ascii") if value.isascii() and value.decode("ascii").isprintable() else ""


def tree(data: bytes, dialect: str = "A", language: str = "en", bits: bool = False) -> str:
    """Return a message as indented text, one member a line: name, value, reading and meaning, with ``bits`` its bits.

    ``language`` is "zh", "en" or "both". Raises :class:`CsaeError` like ``decode``.
    """
    found = lines(data, dialect)
    names = ["  " * line.depth + _last(line.path) for line in found]
    name_width = max(map(len, names))
    value_width = min(40, max(len(line.value) for line in found))
    reading_width = min(28, max(len(line.reading) for line in found))
    text = []
    for name, line in zip(names, found, strict=True):
        words = {"zh": line.zh, "en": line.en, "both": f"{line.zh}  {line.en}"}[language]
        place = f"{line.bit:>6} +{line.width:<4} " if line.bit >= 0 else " " * 13
        head = place if bits else ""
        row = f"{name:<{name_width}}  {line.value:<{value_width}}  {line.reading:<{reading_width}}  {words}"
        text.append((head + row).rstrip())
    return "\n".join(text) + "\n"


def _last(path: str) -> str:
    name = path.rsplit(".", 1)[-1]
    return name[name.index("[") :] if name.endswith("]") else name


def differences(one: bytes, other: bytes, dialect: str = "A") -> list[tuple[str, str, str]]:
    """Return (path, value in one, value in the other) of all that differs; "" where a message has no such member.

    Raises :class:`CsaeError` like ``decode``.
    """
    first = {line.path: line.value for line in lines(one, dialect)}
    second = {line.path: line.value for line in lines(other, dialect)}
    paths = list(dict.fromkeys([*first, *second]))
    return [(p, first.get(p, ""), second.get(p, "")) for p in paths if first.get(p) != second.get(p)]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dialect says of a message: its frame where it is good, else what is wrong; unknown extensions skipped."""

    dialect: str
    frame: str | None
    error: CsaeError | None
    unknown: tuple[str, ...]


def check(data: bytes, dialects: tuple[str, ...] = DIALECTS[:2]) -> list[Checked]:
    """Return what each dialect says of a message. Never raises for what the octets hold."""
    found = []
    for dialect in dialects:
        unknown: list[str] = []
        try:
            name, value = codec.decode(data, dialect, unknown)
        except CsaeError as error:
            found.append(Checked(dialect, None, error, ()))
            continue
        if name == "msgFrameExt":
            name = message_ids(dialect).get(value["messageId"], name)
        found.append(Checked(dialect, name, None, tuple(unknown)))
    return found
