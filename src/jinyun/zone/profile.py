"""Numbers that come from standards: a profile is a file of values, each with its unit, document, clause and status.

A folder of the profile's name beside the file holds more of them, by subject: one file for each application.

No threshold of a standard stands in code. A zone names its profile, and code asks for a number by its key::

    zone.profile["link.spat_rate_hz"].value
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from jinyun.zone.reading import Written, ZoneError, parse, read_toml, suggestion


class Name(Written):
    """A name in both languages of the pages."""

    zh: str
    en: str


class Quantity(Written):
    """One number with its origin; ``status`` tells an issued standard from a draft and from our own choice."""

    value: float
    unit: str
    document: str
    clause: str
    status: Literal["issued", "draft", "local"]
    zh: str
    en: str


class _File(Written):
    id: str
    name: Name
    quantities: dict[str, Quantity]


class _Part(Written):
    quantities: dict[str, Quantity]


class Profile(Mapping[str, Quantity]):
    """A set of numbers under their keys; asking for a key it lacks raises ``KeyError`` with the profile's name."""

    def __init__(self, id: str, name: Name, quantities: dict[str, Quantity]) -> None:
        self.id, self.name, self._quantities = id, name, quantities

    def __getitem__(self, key: str) -> Quantity:
        try:
            return self._quantities[key]
        except KeyError:
            raise KeyError(f"profile {self.id} has no {key!r}{suggestion(key, list(self._quantities))}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._quantities  # without looking for what might have been meant: asked a thousand times at once

    def __iter__(self) -> Iterator[str]:
        return iter(self._quantities)

    def __len__(self) -> int:
        return len(self._quantities)


def load_profile(path: Path) -> Profile:
    """Return the profile in ``path`` and the folder of its name; raises :class:`ZoneError` with every fault of a file."""
    file = parse(_File, read_toml(path), path.name)
    if file.id != path.stem:
        raise ZoneError([f"{path.name}: id: {file.id!r} is not the file's name {path.stem!r}"])
    quantities = dict(file.quantities)
    for more in sorted(path.with_suffix("").glob("*.toml")):
        for key, quantity in parse(_Part, read_toml(more), f"{path.stem}/{more.name}").quantities.items():
            if key in quantities:
                raise ZoneError([f"{path.stem}/{more.name}: quantities.{key}: stands in another file already"])
            quantities[key] = quantity
    return Profile(file.id, file.name, quantities)
