"""Catalogues that a scenario refers to, read from its folders, and the parameters that elements declare."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from lxml import etree

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario.expressions import ExpressionError, evaluate
from jinyun.trial.scenario.node import Node, Reading

MOST_BYTES = 64_000_000
MOST_DEEP = 16
Read = TypeVar("Read")
TYPES = ("integer", "double", "string", "unsignedInt", "unsignedShort", "boolean", "dateTime", "int")


def parse(path: Path) -> etree._Element:
    """Return the root of an XML file without entities; raises :class:`TrialError` naming file and reason."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TrialError(f"{path.name}: larger than {MOST_BYTES // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise TrialError(f"{path.name}: cannot be read: {error.strerror or error}") from None
    return parse_bytes(data, path.name)


def parse_bytes(data: bytes, name: str) -> etree._Element:
    """Return the root of XML in ``data``; document types are refused."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise TrialError(f"{name}: a document type or entities are not read")
    try:
        return etree.fromstring(
            data.lstrip(), etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
        )
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TrialError(f"{name}: is not well-formed XML: {error}") from None


class Shelf:
    """The catalogues of a scenario: entries by catalogue and name, found in the folders it names."""

    def __init__(self, folder: Path, reading: Reading) -> None:
        self.folder, self.reading = folder, reading
        self.folders: list[Path] = []
        self.depth = 0
        self._roots: dict[Path, etree._Element] = {}

    def open(self, node: Node) -> None:
        """Take up ``CatalogLocations``."""
        for location in node.children():
            path = Path(location.one("Directory").text("path"))
            self.folders.append(path if path.is_absolute() else self.folder / path)

    def declared(self, node: Node) -> Node:
        """Return the element with the parameters that its ``ParameterDeclarations`` declare, where not given yet."""
        declarations = node.maybe("ParameterDeclarations")
        if declarations is None:
            return node
        scope = dict(node.scope)
        declare(declarations, scope, {}, keep=frozenset())
        return node.within(scope)

    def entry(self, reference: Node, tag: str, read: Callable[[Node], Read]) -> Read:
        """Return what ``read`` makes of the catalogue's entry that an element refers to; raises :class:`TrialError`."""
        catalog, name = reference.text("catalogName"), reference.text("entryName")
        if self.depth >= MOST_DEEP:
            raise reference.fault("catalogues refer to each other without end")
        given: dict[str, str] = {}
        assignments = reference.maybe("ParameterAssignments")
        for item in assignments.all("ParameterAssignment") if assignments is not None else ():
            given[item.text("parameterRef").lstrip("$")] = item.text("value")
        element, file = self._find(reference, catalog, name, tag)
        inner = Reading(file, notes=self.reading.notes, refused=self.reading.refused)
        scope: dict[str, str] = {}
        node = Node(element, inner, scope)
        declarations = node.maybe("ParameterDeclarations")
        if declarations is not None:
            scope.update(given)
            declare(declarations, scope, {}, keep=frozenset(given))
        self.depth += 1
        found = read(Node(element, inner, {**reference.scope, **given, **scope}))
        self.depth -= 1
        inner.leftovers(element)
        return found

    def _find(self, reference: Node, catalog: str, name: str, tag: str) -> tuple[etree._Element, str]:
        seen = []
        for folder in self.folders:
            paths = [folder] if folder.is_file() else sorted(folder.glob("*.xosc")) if folder.is_dir() else []
            for path in paths:
                if path not in self._roots:
                    self._roots[path] = parse(path)
                for found in self._roots[path].iterchildren("Catalog"):
                    if found.get("name") != catalog:
                        continue
                    for element in found:
                        if element.get("name") == name:
                            if element.tag != tag and tag:
                                raise reference.fault(f"{catalog}/{name} is a {element.tag}, not a {tag}")
                            return element, path.name
                    seen.append(path.name)
        told = f"in {', '.join(seen)}" if seen else f"below {', '.join(str(f) for f in self.folders) or 'no folder'}"
        raise reference.fault(f"no entry {name!r} of catalogue {catalog!r} {told}")


def declare(node: Node, scope: dict[str, str], types: dict[str, str], keep: frozenset[str]) -> None:
    """Put what ``ParameterDeclarations`` declare into ``scope``; names in ``keep`` have their value already."""
    for item in node.all("ParameterDeclaration"):
        name = item.text("name")
        kind = item.text("parameterType", item.text("type", "string") if item.has("type") else "string")
        if kind not in TYPES:
            raise item.fault(f"parameterType is {kind[:20]!r}, none of {', '.join(TYPES)}")
        value = Node(item.element, item.reading, scope).text("value")
        if name not in keep:
            scope[name] = value
        types[name] = kind
        _typed(item, kind, scope[name])
        groups = list(item.all("ConstraintGroup"))
        if groups and not any([_holds(group, scope[name], scope) for group in groups]):
            raise item.fault(f"{scope[name]!r} breaks the constraints of parameter {name}")


def _typed(item: Node, kind: str, value: str) -> None:
    if kind in ("string", "dateTime"):
        return
    if kind == "boolean":
        if value.lower() not in ("true", "false", "0", "1"):
            raise item.fault(f"value {value[:20]!r} is not {kind}")
        return
    try:
        number = float(value)
    except ValueError:
        raise item.fault(f"value {value[:20]!r} is not {kind}") from None
    if kind != "double" and (
        not math.isfinite(number) or number != round(number) or (kind.startswith("unsigned") and number < 0)
    ):
        raise item.fault(f"value {value[:20]!r} is not {kind}")


_RULES = {"equalTo": "==", "greaterThan": ">", "lessThan": "<", "greaterOrEqual": ">=",
          "lessOrEqual": "<=", "notEqualTo": "!="}  # fmt: skip


def _holds(group: Node, value: str, scope: dict[str, str]) -> bool:
    fine = True
    for item in group.all("ValueConstraint"):
        sign = item.word("rule", _RULES)
        try:
            told = evaluate(f"$x {sign} $y", {"x": value, "y": item.text("value")})
        except ExpressionError as error:
            raise item.fault(str(error)) from None
        fine = fine and told is True
    return fine
