"""A map's file as XML elements: bounded, without entities, and every number in it either read or named as wrong."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
import zlib
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from jinyun.hdmap.fault import MapError

MOST_BYTES = 256_000_000
"""The largest file that is read."""
MOST_ELEMENTS = 10_000_000
MOST_DECLARATION = 1000
MOST_POINTS = 10_000_000
"""The most points of lanes that one map may have."""
MOST_LANES = 1_000_000
FARTHEST_M = 2e7
"""No place on Earth is farther from any other."""
_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9_.:-]+)["'][^>]*\?>""")
_PLAIN = {"utf-8", "utf8", "us-ascii", "ascii"}
_TRANSLATED = {"iso-8859-1", "latin-1", "latin1", "iso-8859-15", "windows-1252", "gb2312", "gbk", "gb18030", "big5"}


@dataclass
class Source:
    """One map file while it is read: its name for messages, and what of it the map does not hold."""

    name: str
    ignored: Counter[str] = field(default_factory=Counter)

    def fault(self, element: str, reason: str) -> MapError:
        """Return the error that names file, element and reason."""
        return MapError(f"{self.name}: {element}: {reason}")

    def number(self, element: ET.Element, key: str, where: str, default: float | None = None) -> float:
        """Return a finite number of an attribute; raises :class:`MapError` where it is none."""
        text = element.get(key)
        if text is None or not text.strip():
            if default is not None:
                return default
            raise self.fault(where, f"{element.tag} has no {key}")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or "_" in text:
            raise self.fault(where, f"{key} of {element.tag} is {text[:40]!r}, not a number")
        return value

    def place(self, element: ET.Element, key: str, where: str, default: float | None = None) -> float:
        """Return a number of metres that lies on Earth; raises :class:`MapError` where it does not."""
        value = self.number(element, key, where, default)
        if abs(value) > FARTHEST_M:
            raise self.fault(where, f"{key} of {element.tag} is {value:g} m: not on Earth")
        return value

    def length(self, element: ET.Element, key: str, where: str, most_m: float = 1e6) -> float:
        """Return a number of metres that is not negative and at most ``most_m``."""
        value = self.number(element, key, where)
        if not 0 <= value <= most_m:
            raise self.fault(where, f"{key} of {element.tag} is {value:g} m")
        return value

    def whole(self, element: ET.Element, key: str, where: str, default: int | None = None) -> int:
        """Return a whole number of an attribute; raises :class:`MapError` where it is none."""
        text = element.get(key)
        if text is None and default is not None:
            return default
        if text is None or not re.fullmatch(r"\s*[+-]?\d{1,9}\s*", text):
            told = (
                f"{key} of {element.tag} is {text[:40]!r}, not a whole number"
                if text
                else f"{element.tag} has no {key}"
            )
            raise self.fault(where, told)
        return int(text)

    def leave(self, root: ET.Element, known: Collection[str], name: Callable[[ET.Element], str] | None = None) -> None:
        """Count the topmost elements below ``root`` whose tag is not ``known``."""
        waiting = [root]
        while waiting:
            for child in waiting.pop():
                if child.tag in known:
                    waiting.append(child)
                else:
                    self.ignored[name(child) if name else str(child.tag)] += 1


def content(path: Path) -> bytes:
    """Return the file's bytes, in UTF-8 and without a byte order mark; raises :class:`MapError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MapError(f"{path.name}: -: larger than {MOST_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise MapError(f"{path.name}: -: cannot be read: {error.strerror or error}") from None
    if data[:2] == b"\x1f\x8b":
        data = _unpacked(path.name, data)
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    data = data.lstrip()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = _decoded(path.name, data, "utf-16")
    head = data[:MOST_DECLARATION]
    if head.startswith(b"<?xml") and b"?>" not in head:
        raise MapError(f"{path.name}: -: its XML declaration has no end")
    told = _ENCODING.match(head)
    if told:
        encoding = told[1].decode().lower()
        if encoding in _TRANSLATED:
            data = _decoded(path.name, data[told.end() :], encoding)
        elif encoding not in _PLAIN:
            raise MapError(f"{path.name}: -: encoding {encoding!r} is not known")
    return data


def _unpacked(name: str, data: bytes) -> bytes:
    """Return what a gzip file holds, up to the bound of any file."""
    reader = zlib.decompressobj(wbits=31)
    try:
        out = reader.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise MapError(f"{name}: -: is not a whole gzip file: {error}") from None
    if reader.unconsumed_tail or not reader.eof:
        raise MapError(f"{name}: -: is not a whole gzip file of at most {MOST_BYTES // 1_000_000} MB")
    return out


def _decoded(name: str, data: bytes, encoding: str) -> bytes:
    try:
        text = data.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise MapError(f"{name}: -: is not in {encoding}: {error.reason} at byte {error.start}") from None
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1).lstrip().encode()


def parse(name: str, data: bytes) -> ET.Element:
    """Return the root of the XML in ``data``, its tags without namespaces; raises :class:`MapError`.

    A document type is refused: entities can make gigabytes of a few lines, and no map needs them.
    """
    if b"\0" in data:
        raise MapError(f"{name}: -: is not text: it has a zero byte")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise MapError(f"{name}: -: a document type or entities are not read")
    if data.count(b"<") > 2 * MOST_ELEMENTS:
        raise MapError(f"{name}: -: more than {MOST_ELEMENTS} elements")
    try:
        root = ET.fromstring(data)
    except ET.ParseError as error:
        raise MapError(f"{name}: -: is not well-formed XML: {error}") from None
    except (ValueError, LookupError) as error:  # an encoding that the parser does not take
        raise MapError(f"{name}: -: cannot be read as XML: {error}") from None
    if b"xmlns" in data:
        for element in root.iter():
            if isinstance(element.tag, str) and element.tag[:1] == "{":
                element.tag = element.tag.partition("}")[2]
    return root
