"""Messages as people give them to a command: hexadecimal, a file of it, or a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

_HEX = re.compile(r"(?:\d{12,14}\s+)?([0-9A-Fa-f\s]*)\Z")


class MessageError(Exception):
    """What was given is no message; one clear line."""


def is_file(given: str) -> bool:
    """Return whether what was given names a file."""
    try:
        return Path(given).is_file()
    except (OSError, ValueError):
        return False  # a message is too long for a name


def lines_of(given: str) -> Iterator[str]:
    """Yield the lines of what was given: standard input for ``-``, a file's, or the text itself."""
    if given == "-":
        yield from (line.strip() for line in sys.stdin if line.strip())
    elif is_file(given):
        for line in Path(given).read_text("utf-8", "replace").splitlines():
            if line.strip() and not line.startswith("#"):
                yield line.strip()
    else:
        yield given.strip()


def octets_of(text: str) -> bytes:
    """Return the octets of a hexadecimal line, with or without a time before it; raises :class:`MessageError`."""
    found = _HEX.match(text)
    try:
        if not found:
            raise ValueError
        return bytes.fromhex(found[1])
    except ValueError:
        raise MessageError(f"{text[:60]!r} is neither a file nor hexadecimal") from None
