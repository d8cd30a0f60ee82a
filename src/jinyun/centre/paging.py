"""Pages of long lists (分页): a cursor says after what the next page begins, so nothing is shown twice or left out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import HTTPException, Query

MOST = 1000
Cursor = Annotated[str, Query(max_length=400, description="`next` of the page before; empty for the first")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="rows of a page")]
Row = TypeVar("Row")


def cursor(after: Any) -> str:
    """Return a cursor that goes on after a sort key (number, text or a list of them)."""
    return base64.urlsafe_b64encode(json.dumps(after, separators=(",", ":")).encode()).decode().rstrip("=")


def after(text: str) -> Any:
    """Return what a cursor goes on after; 422 where it is none of ours."""
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, UnicodeDecodeError):
        raise HTTPException(422, "cursor: not one that was given out") from None


def whole(text: str) -> int:
    """Return a cursor's whole number; 422 where it holds none."""
    found = after(text)
    if not isinstance(found, int) or abs(found) >= 2**62:
        raise HTTPException(422, "cursor: not one of this list")
    return found


def page(rows: Sequence[Row], text: str, limit: int, key: Callable[[Row], str]) -> tuple[list[Row], str | None]:
    """Return (a page of rows that are sorted by ``key``, the next page's cursor or None)."""
    first = 0
    if text:
        begin = after(text)
        if not isinstance(begin, str):
            raise HTTPException(422, "cursor: not one of this list")
        low, high = 0, len(rows)
        while low < high:
            middle = (low + high) // 2
            if key(rows[middle]) <= begin:
                low = middle + 1
            else:
                high = middle
        first = low
    found = list(rows[first : first + limit])
    more = first + limit < len(rows)
    return found, cursor(key(found[-1])) if more and found else None
