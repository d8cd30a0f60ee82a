"""An archiving process that halts in the middle of its second segment, for a test to kill: ``RECORD URI``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jinyun.record import archiving, store
from jinyun.record.store import Address, Store


class Halting:
    """A file being written that takes one piece and no more."""

    def __init__(self, out: Any) -> None:
        self.out = out

    def write(self, data: bytes) -> None:
        self.out.write(data)
        self.out.flush()
        print("halfway", flush=True)
        sys.stdin.read()


class Files:
    """A file system that halts while segment 2 is written."""

    def __init__(self, files: Any) -> None:
        self.files = files

    def __getattr__(self, name: str) -> Any:
        return getattr(self.files, name)

    def open_output_stream(self, path: str, **options: Any) -> Any:
        out = self.files.open_output_stream(path, **options)
        return Halting(out) if "/00000002-" in path else out


def halting(where: Address) -> Store:
    opened = store.opened(where)
    return Store(where, Files(opened.files))


if __name__ == "__main__":
    store.CHUNK = 1000
    vars(archiving).update(opened=halting)
    archiving.Archive(Path(sys.argv[1]), store.address(sys.argv[2])).round(1)
