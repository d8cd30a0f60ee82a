"""Archiving (存档): a zone's record is copied to a store beside the live work, by a process of its own.

``python -m jinyun.record.archiving`` is that process; a store that hangs hangs nothing else. In the store a record is
``NAME/``: ``segments/``, ``book/`` with one small file a line, ``positions/``, ``events/`` and ``record.pub``. A segment is
copied and read back before the line that names it is written; what no line names is not there. So nothing is ever
changed or taken away, and it may be killed at any moment and begun again.

The archive's book says what is in the archive: each segment's end as the record's own book has it, with the SHA-256 of
the file, chained and signed anew. What the ring let go since is no matter of it.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinyun.parent import end_with_parent
from jinyun.record import book, key, positions
from jinyun.record.compacting import MINUTE
from jinyun.record.key import PUBLIC_FILE, Key
from jinyun.record.retention import ARCHIVE
from jinyun.record.segment import blocks, listing, number_of
from jinyun.record.store import Address, AddressError, Store, StoreError, address, clean, opened
from jinyun.state import read_json, write_json

STATE, COPIED = ARCHIVE, "archived.json"
"""In the record's folder: how far the archive is; which positions and packs it has."""
ABOUT, BOOK, SEGMENTS = "about.json", "book", "segments"
EVENTS = "events"
"""Packs lie in a folder of this name in the zone's state, and in the archive."""
AWAY, BROKEN = "record.archive.away", "record.broken"
LOOK_S, LONGEST_REST_S = 5.0, 300.0
"""Time between two looks, and the longest rest while the store is away; rests double from the first to the last."""
NICE = 10
_HOUR = re.compile(r"(\d{8}T\d{2})\.(by-vehicle|by-place)\.parquet\Z")


class Archive:
    """One record and where it is copied to; :meth:`round` may be called again after any failure."""

    def __init__(self, folder: Path, where: Address, signer: Key | None = None, packs: Path | None = None) -> None:
        """Take up what :data:`STATE` says; ``packs`` is the folder of event packs.

        Raises ``BlockingIOError`` where another archives this record.
        """
        self.folder, self.where, self.key, self.packs = folder, where, signer, packs
        self._lock = (folder / "archive.lock").open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise
        known = read_json(folder / STATE)
        mine = isinstance(known, dict) and known.get("uri") == where.uri
        self.state: dict[str, Any] = known if mine else {"uri": where.uri, "name": None, "segment": 0}
        copied = read_json(folder / COPIED) if mine else None
        self._copied: dict[str, Any] = copied if isinstance(copied, dict) else {}
        self._store: Store | None = None
        self._seen: tuple[int, int] | None = None

    def close(self) -> None:
        """Let another archive this record."""
        self._lock.close()

    def round(self, now_us: int) -> bool:
        """Copy what is sealed and not yet there; return whether all of it is there. Raises ``OSError`` of the own disk."""
        try:
            if self._store is None:
                self._store = opened(self.where)
            self._ready(self._store)
            self._segments(self._store, now_us)
            if self.state["name"]:
                self._positions(self._store)
                self._packs(self._store)
        except (StoreError, book.BookError) as error:
            self._seen, self._store = None, None
            word = AWAY if isinstance(error, StoreError) else BROKEN
            since_us = self.state.get("away_since_us") or now_us
            self.state |= {"word": word, "reason": clean(str(error)), "away_since_us": since_us}
            self._count()
            self._tell(now_us)
            return False
        self.state |= {"word": None, "reason": None, "away_since_us": None, "reached_us": now_us}
        self._tell(now_us)
        return True

    def _ready(self, store: Store) -> None:
        """Refuse a shared path that is not mounted: its empty folder would take everything onto the own disk."""
        if not self.where.is_local:
            return
        name = self.state["name"]
        if not store.has("") or (name and not store.has(f"{name}/{ABOUT}")):
            raise StoreError(f"{self.where.path}: the archive is not there; is it mounted?")

    # -- segments and the book ---------------------------------------------------------------------------------------

    def _segments(self, store: Store, now_us: int) -> None:
        path = self.folder / book.FILE
        seen = (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None
        if seen == self._seen:
            return
        paths = {number_of(one): one for one in listing(self.folder)}  # before the book: it speaks before a file goes
        lines = book.read(self.folder)
        ends, gone, forgotten = book.ends(lines), book.let_go(lines), book.folded(lines)[0]
        if not self.state["name"] or forgotten > self.state["segment"]:
            first = min((number for number in ends if number in paths), default=None)
            if first is None:
                return
            self._begin(store, paths[first], ends[first])
        for number in sorted(number for number in ends if number > self.state["segment"]):
            self._count(ends)
            said = book.content_of(ends[number])
            if number in paths:
                try:
                    name = self.state["name"]
                    said["sha256"] = store.put_file(paths[number], f"{name}/{SEGMENTS}/{paths[number].name}")
                except FileNotFoundError:  # let go this moment; the next round reads what the book says of it
                    return
            contents = [said]
            if number not in paths and number in gone:
                contents.append(book.content_of(gone[number]))
            self._write_lines(store, contents)
            self.state |= {"segment": number, "last_us": ends[number]["last_us"]}
            self._tell(now_us)
        self._count(ends)
        self._seen = seen

    def _begin(self, store: Store, path: Path, end: dict[str, Any]) -> None:
        """Begin a record in the store with its first segment; the same segment leads to the same name."""
        number = number_of(path)
        name = f"{path.stem.partition('-')[2]}-{end['chain'][:8]}"
        before = next(iter(blocks(path))).as_json()["before"]
        self.state |= {"name": name, "segment": number - 1, "lines": 0, "line": ""}
        self._copied = {}
        about = {"form": "jinyun-archive-1", "name": name, "first": number}
        if (self.folder / PUBLIC_FILE).exists():
            store.put((self.folder / PUBLIC_FILE).read_bytes(), f"{name}/{PUBLIC_FILE}")
        if number > 1:
            self._write_lines(store, [{"folded": number - 1, "chain": before["chain"], "name": before["name"]}])
        store.put(json.dumps(about).encode(), f"{name}/{ABOUT}")
        write_json(self.folder / STATE, self.state)

    def _write_lines(self, store: Store, contents: list[dict[str, Any]]) -> None:
        """Write lines of the archive's book; what was written of them before a kill is written again, byte for byte."""
        count, before = int(self.state["lines"]), str(self.state["line"])
        for content in contents:
            line = book.line_after(before, content, self.key.sign if self.key else None)
            count, before = count + 1, line["line"]
            store.put(book.written(line), f"{self.state['name']}/{BOOK}/{count:08d}.json")
        self.state |= {"lines": count, "line": before}

    # -- positions and packs -----------------------------------------------------------------------------------------

    def _positions(self, store: Store) -> None:
        """Copy the hours that are closed; an hour that was made again, fuller, takes the place of the earlier copy."""
        found = sorted((self.folder / positions.FOLDER).glob("*.parquet"))
        open_hours = {match[1] for path in found if (match := MINUTE.match(path.name))}
        have = self._copied.setdefault(positions.FOLDER, {})
        for path in found:
            match = _HOUR.match(path.name)
            if match is None or match[1] in open_hours:
                continue
            try:
                stat = path.stat()
                mark = [stat.st_size, stat.st_mtime_ns]
                if have.get(path.name) == mark:
                    continue
                store.put_file(path, f"{self.state['name']}/{positions.FOLDER}/{path.name}")
            except FileNotFoundError:  # its month is over
                continue
            have[path.name] = mark
            write_json(self.folder / COPIED, self._copied)
        for name in set(have) - {path.name for path in found}:
            del have[name]

    def _packs(self, store: Store) -> None:
        """Copy packs of events that are made, the signature last."""
        if self.packs is None or not self.packs.is_dir():
            return
        have = self._copied.setdefault(EVENTS, {})
        made = {path.parent.name: path for path in sorted(self.packs.glob("*/manifest.sig"))}
        for name, signature in made.items():
            if name.endswith(".new") or name in have:
                continue
            files = sorted(path for path in signature.parent.rglob("*") if path.is_file() and path != signature)
            try:
                for path in [*files, signature]:
                    inner = path.relative_to(signature.parent).as_posix()
                    store.put_file(path, f"{self.state['name']}/{EVENTS}/{name}/{inner}")
            except FileNotFoundError:  # the year is over, or it is being made again
                continue
            have[name] = len(files) + 1
            write_json(self.folder / COPIED, self._copied)
        for name in set(have) - set(made):
            del have[name]

    # -- what it says ------------------------------------------------------------------------------------------------

    def _count(self, ends: dict[int, dict[str, Any]] | None = None) -> None:
        if ends is None:
            try:
                ends = book.ends(book.read(self.folder))
            except book.BookError:
                return
        self.state["waiting"] = sum(number > self.state["segment"] for number in ends)

    def _tell(self, now_us: int) -> None:
        write_json(self.folder / STATE, self.state | {"told_us": now_us})


def rest_s(before_s: float, reached: bool) -> float:
    """Return how long to rest after a round, given the rest before it."""
    return LOOK_S if reached else min(before_s * 2.0, LONGEST_REST_S)


def keep(
    record: Callable[[], Path | None], where: Address, signer: Key | None, packs: Path | None,
    pause: Callable[[float], None] = time.sleep,
) -> None:  # fmt: skip
    """Archive the record that ``record`` names, for ever; ``pause`` waits so many seconds."""
    archive: Archive | None = None
    waited_s = LOOK_S
    try:
        while True:
            reached = True
            try:
                folder = record()
                if archive is not None and archive.folder != folder:
                    archive.close()
                    archive = None
                if archive is None and folder is not None:
                    archive = Archive(folder, where, signer, packs)
                reached = archive is None or archive.round(time.time_ns() // 1000)
            except (OSError, ValueError) as error:  # our own disk: told in the log, tried again
                print(f"archive: {clean(str(error))}", flush=True)
                reached = False
            waited_s = rest_s(waited_s, reached)
            pause(waited_s)
    finally:
        if archive is not None:
            archive.close()


def main() -> None:
    """Archive until SIGTERM, which may come at any moment."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.record.archiving")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--to", required=True, metavar="URI")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if args.with_parent:
        end_with_parent()
    os.nice(NICE)
    try:
        where = address(args.to)
    except AddressError as error:
        parser.error(str(error))

    def record() -> Path | None:
        said = read_json(args.state_dir / "recording.json")
        return Path(said["folder"]) if said and Path(said["folder"]).is_dir() else None

    keep(record, where, key.own(args.state_dir), args.state_dir / EVENTS)


if __name__ == "__main__":
    main()
