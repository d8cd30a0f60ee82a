"""The zone's map as viewers fetch it: the overview's bytes and those of every tile, told apart by one tag of them all."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinyun import hdmap
from jinyun.hdmap.tables import Columns
from jinyun.hdmap.tiling import Key
from jinyun.net import columns

LEVEL = 6
"""Of gzip."""


@dataclass
class Sheet:
    """One answer: its bytes, and the same in gzip, made when somebody first asks for it."""

    plain: bytes
    _small: bytes | None = None

    def small(self) -> bytes:
        if self._small is None:
            self._small = gzip.compress(self.plain, LEVEL, mtime=0)
        return self._small


class Sheets:
    """The drawn map cut up and packed; ``tag`` changes with any byte of any part."""

    def __init__(self, tables: Mapping[str, Columns], meta: Mapping[str, Any]) -> None:
        cut = hdmap.tiling(tables, meta)
        self.tiles: dict[Key, Sheet] = {key: Sheet(columns.pack(*tile)) for key, tile in cut.tiles.items()}
        own, about = cut.overview
        whole = hashlib.sha256(columns.pack(own, about))
        for tile in self.tiles.values():
            whole.update(tile.plain)
        self.tag = whole.hexdigest()[:20]
        self.overview = Sheet(columns.pack(own, about | {"tag": self.tag}))
