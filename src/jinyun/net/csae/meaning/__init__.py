"""What every member of every message means, in Chinese and English, for people who read messages."""

from __future__ import annotations

from jinyun.net.csae.meaning import payment, stage1, stage2

MEANINGS: dict[str, tuple[str, str]] = {**payment.MEANINGS, **stage2.MEANINGS, **stage1.MEANINGS}
"""By ``Type.member`` where a member means something of its own there, else by ``member``."""


def meaning(type_name: str, member: str) -> tuple[str, str]:
    """Return the meaning of a type's member in Chinese and English. Raises ``KeyError`` where there is none."""
    return MEANINGS.get(f"{type_name}.{member}") or MEANINGS[member]
