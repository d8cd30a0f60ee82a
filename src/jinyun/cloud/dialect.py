"""Dialects: which of the two layouts found in the field each roadside unit speaks, found by vote and pinned.

MAP and RSI, and a BSM with an initial position, differ between the layouts (``docs/dialects.md``). A message that only the
other layout accepts is a vote for it; a few in a row decide, and every change of mind is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from jinyun.cloud.allowance import Allowance
from jinyun.net import csae
from jinyun.net.csae import CsaeError, DialectVote

OURS = "A"
DIFFERING = frozenset({"bsm", "map", "rsi"})
TRIED = 16
"""After so many frames in a row that neither layout accepts, only one of so many is tried again: reading twice costs."""
TRIED_HZ = 200.0
"""Frames of all senders together that are tried in both layouts a second, on average: for the same reason."""


@dataclass(frozen=True, slots=True)
class Read:
    """A frame that was read in another dialect: the same message in ours, and what it decided ("" if nothing)."""

    payload: bytes
    decided: str


class Dialects:
    """The votes over senders that sent something our dialect refused."""

    def __init__(self) -> None:
        self._votes: dict[int, DialectVote] = {}
        self._in_vain: dict[int, int] = {}  # frames in a row that neither layout accepts
        self._tries = Allowance(TRIED_HZ, TRIED_HZ)

    def clear(self) -> None:
        self._votes.clear()
        self._in_vain.clear()

    def read(self, row: int, message: str, payload: bytes, receive_us: int) -> Read | None:
        """Return the frame of sender ``row`` in our dialect where it speaks another, None where that is not so."""
        if message not in DIFFERING or (row not in self._votes and len(self._votes) > 100_000):
            return None
        vote = self._votes.setdefault(row, DialectVote())
        vain = self._in_vain.get(row, 0)
        if vain >= TRIED:
            self._in_vain[row] = vain + 1 if vain < 2 * TRIED else TRIED - 1
            return None
        if vote.pinned is None and not self._tries.take(receive_us):
            return None
        try:
            name, value, decided = vote.decode(payload)
        except CsaeError:
            self._in_vain[row] = vain + 1
            return None  # in neither: whoever reads it next says what is wrong
        self._in_vain.pop(row, None)
        if vote.dialect == OURS and decided is None and _is_ours(payload):
            return None
        value.get("safetyExt", {}).get("pathHistory", {}).pop("initialPosition", None)
        try:
            frame = csae.encode(name, value)
        except CsaeError:
            return None  # with an enumeration value that our tables do not know it cannot be said in ours
        if decided is None:
            return Read(frame, "")
        before = f", before it was {decided.before}" if decided.before else ""
        reason = f"speaks dialect {decided.dialect} ({decided.votes} messages in a row read in no other){before}"
        return Read(frame, reason)


def _is_ours(payload: bytes) -> bool:
    try:
        csae.decode(payload, OURS)
    except CsaeError:
        return False
    return True
