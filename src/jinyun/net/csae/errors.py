"""The one exception of the codec."""

from __future__ import annotations


class CsaeError(ValueError):
    """The bytes are not the message, or the value does not fit the type: ``field`` says where, ``bit`` at which bit.

    ``field`` is a dotted path such as ``rsmFrame.participants[3].speed``; ``bit`` counts from the first bit of the
    message; ``reason`` is what is wrong there, in English.
    """

    def __init__(self, reason: str, field: str = "", bit: int = 0) -> None:
        super().__init__(f"{field or 'message'} at bit {bit}: {reason}")
        self.reason = reason
        self.field = field
        self.bit = bit
