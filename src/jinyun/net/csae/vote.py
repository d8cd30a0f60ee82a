"""Which layout a roadside unit speaks, found out from its own messages.

Most messages are the same bits in both layouts; MAP, RSI with paths and BSM with an initial position are not, and even of
those one in fifty passes in both with different values. So a single message decides nothing: a sender is pinned after
several that only one layout accepts, and stays pinned until as many in a row say the opposite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinyun.net.csae import batch, codec
from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.program import FIRST_STAGE

LAYOUTS = ("A", "B")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A sender's dialect was found, or changed: ``before`` is None the first time; ``votes`` messages decided."""

    dialect: str
    before: str | None
    votes: int


class DialectVote:
    """The vote over one sender's messages; :attr:`dialect` is what to read them with."""

    def __init__(self, default: str = "A", needed: int = 3) -> None:
        """Begin with ``default`` (``A``, ``B``, ``A158`` or ``B158``; its id table is kept), pin after ``needed``."""
        if default[:1] not in LAYOUTS or default[1:] not in ("", "158"):
            raise ValueError(f"unknown dialect {default!r}")
        self.needed = needed
        self.pinned: str | None = None
        self._layout, self._ids = default[0], default[1:]
        self._votes = 0  # how many in a row only one layout accepted: positive for A, negative for B

    @property
    def dialect(self) -> str:
        """The dialect to decode this sender's messages with."""
        return self._layout + self._ids

    def decode(self, data: bytes) -> tuple[str, dict[str, Any], Pinned | None]:
        """Return (frame name, value, what was decided by this message) in the sender's dialect.

        Where that refuses the message and the other layout accepts it, the other's value is returned. Raises
        :class:`CsaeError` where neither accepts it, without a reason: finding one costs a thousand times as much.
        """
        mine = self._try(data, self._layout)
        if self.pinned is not None and mine is not None:
            self._votes = 0
            return *mine, None
        other = "B" if self._layout == "A" else "A"
        theirs = self._try(data, other)
        if mine is None:
            if theirs is None:
                raise CsaeError("in neither layout")
            return *theirs, self._count(other)
        return *mine, self._count(self._layout) if theirs is None else None

    def _try(self, data: bytes, layout: str) -> tuple[str, dict[str, Any]] | None:
        dialect = layout + self._ids
        if not codec.is_plain(data, dialect) and _is_refused(data, dialect):
            return None
        try:
            return codec.decode(data, dialect)
        except CsaeError:
            return None

    def _count(self, layout: str) -> Pinned | None:
        """Count a message that only ``layout`` accepts."""
        sign = 1 if layout == "A" else -1
        self._votes = sign + (self._votes if self._votes * sign > 0 else 0)
        if abs(self._votes) < self.needed:
            return None
        before, self.pinned, self._layout, self._votes = self.pinned, layout, layout, 0
        return Pinned(self.dialect, None if before is None else before + self._ids, self.needed)


def _is_refused(data: bytes, dialect: str) -> bool:
    """Return whether the compiled reader refuses a first-stage frame; it is quick, and says nothing of other frames."""
    kind = data[0] >> 4 if data else 0
    if not data or kind >= len(FIRST_STAGE):
        return not data
    verdict = batch.decode(FIRST_STAGE[kind], *batch.join([data]), dialect).verdict[0]
    return bool(verdict == batch.REFUSED)
