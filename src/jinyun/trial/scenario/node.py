"""An element of a scenario while it is read: parameters put in, and every element and attribute either read or named."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario.expressions import ExpressionError, resolve

MOST_NUMBER = 1e12


@dataclass
class Reading:
    """One file while it is read: its name, what was looked at, and what is known to have no effect."""

    name: str
    seen: set[etree._Element] = field(default_factory=set)
    keys: set[tuple[etree._Element, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def leftovers(self, root: etree._Element) -> None:
        """Name the topmost elements nobody looked at, and attributes nobody asked for."""
        waiting = [root]
        while waiting:
            element = waiting.pop()
            if element not in self.seen:
                self.refused.append(path(element))
                continue
            for key in element.attrib:
                if (element, str(key)) not in self.keys:
                    self.note(f"{element.tag}.{key}: has no effect here")
            waiting += [child for child in reversed(element) if isinstance(child.tag, str)]


def path(element: etree._Element) -> str:
    """Return where an element stands, by the names of those around it."""
    parts = []
    at: etree._Element | None = element
    while at is not None and isinstance(at.tag, str):
        name = at.get("name")
        parts.append(f"{at.tag}[{name}]" if name and len(name) < 60 else str(at.tag))
        at = at.getparent()
    return "/".join(reversed(parts[:-1] or parts))


class Node:
    """An element with the parameters that hold there."""

    __slots__ = ("element", "reading", "scope")

    def __init__(self, element: etree._Element, reading: Reading, scope: Mapping[str, str]) -> None:
        self.element, self.reading, self.scope = element, reading, scope
        reading.seen.add(element)

    @property
    def tag(self) -> str:
        return str(self.element.tag)

    @property
    def line(self) -> int | None:
        line: int | None = self.element.sourceline
        return line

    def fault(self, reason: str) -> TrialError:
        """Return the error that names file, line, place and reason."""
        return TrialError(f"{self.reading.name}:{self.line}: {path(self.element)}: {reason}")

    def refuse(self, what: str) -> None:
        """Name something of this element that is not played."""
        self.reading.refused.append(f"{path(self.element)}: {what}")

    def within(self, scope: Mapping[str, str]) -> Node:
        """Return the same element under other parameters."""
        return Node(self.element, self.reading, scope)

    def all(self, tag: str) -> Iterator[Node]:
        """Yield the children of a name."""
        for child in self.element.iterchildren(tag):
            yield Node(child, self.reading, self.scope)

    def children(self) -> Iterator[Node]:
        """Yield all children."""
        for child in self.element:
            if isinstance(child.tag, str):
                yield Node(child, self.reading, self.scope)

    def maybe(self, tag: str) -> Node | None:
        """Return the first child of a name."""
        return next(self.all(tag), None)

    def one(self, tag: str) -> Node:
        """Return the child of a name; raises :class:`TrialError` where there is none."""
        found = self.maybe(tag)
        if found is None:
            raise self.fault(f"has no {tag}")
        return found

    def only(self) -> Node:
        """Return the single child; raises :class:`TrialError` where there is none or another."""
        found = [child for child in self.element if isinstance(child.tag, str)]
        if len(found) != 1:
            raise self.fault(f"has {len(found)} children, not one")
        return Node(found[0], self.reading, self.scope)

    def leave(self, why: str = "has no effect here") -> None:
        """Note that this element and all in it has no effect."""
        for element in self.element.iter():
            if isinstance(element.tag, str):
                self.reading.seen.add(element)
                self.reading.keys.update((element, str(key)) for key in element.attrib)
        self.reading.note(f"{self.tag}: {why}")

    def has(self, key: str) -> bool:
        return self.element.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Return an attribute with parameters put in; raises :class:`TrialError`."""
        self.reading.keys.add((self.element, key))
        raw = self.element.get(key)
        if raw is None:
            if default is None:
                raise self.fault(f"has no {key}")
            return default
        try:
            return resolve(raw, self.scope)
        except ExpressionError as error:
            raise self.fault(f"{key}: {error}") from None

    def number(self, key: str, default: float | None = None) -> float:
        """Return an attribute as a number (``INF`` is infinity); raises :class:`TrialError`."""
        if not self.has(key) and default is not None:
            self.reading.keys.add((self.element, key))
            return default
        text = self.text(key).strip()
        if text.upper() in ("INF", "+INF", "INFINITY"):
            return math.inf
        if text.upper() in ("-INF", "-INFINITY"):
            return -math.inf
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if value != value or abs(value) > MOST_NUMBER:
            if abs(value) > MOST_NUMBER:
                return math.copysign(math.inf, value)  # files write 1e308 for "no limit"
            raise self.fault(f"{key} is {text[:40]!r}, not a number")
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        """Return an attribute as a whole number; raises :class:`TrialError`."""
        value = self.number(key, None if default is None else float(default))
        if not math.isfinite(value) or value != round(value):
            raise self.fault(f"{key} is {value:g}, not a whole number")
        return round(value)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return an attribute as true or false; raises :class:`TrialError`."""
        text = self.text(key, None if default is None else ("true" if default else "false")).strip().lower()
        if text not in ("true", "false", "1", "0"):
            raise self.fault(f"{key} is {text[:20]!r}, neither true nor false")
        return text in ("true", "1")

    def word(self, key: str, words: Mapping[str, str], default: str | None = None) -> str:
        """Return an attribute that is one of some words; raises :class:`TrialError`."""
        text = self.text(key, default).strip()
        if text not in words:
            raise self.fault(f"{key} is {text[:30]!r}, none of {', '.join(words)}")
        return words[text]
