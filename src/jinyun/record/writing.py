"""Writing the record beside the live path (记录写入): a thread of its own takes what the cloud hands over; nobody waits for it.

Blocks are written ten times a second and are on the disk within a second: a kill loses what the last tenth brought, a
power cut at most the last second, and the next start says which. When the disk is full the oldest segments that no event
needs make room; when even that is not enough, what cannot be written is counted and said, and live work goes on.
"""

from __future__ import annotations

import fcntl
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.net.block import Block
from jinyun.record import book, frames, messages, retention
from jinyun.record.key import PUBLIC_FILE, Key
from jinyun.record.segment import GENESIS, Kind, Segment, SegmentError, listing, mend, number_of
from jinyun.shapes import Finding

WRITE_S, SYNC_S = 0.1, 0.5
"""Time between two writes, and until what was written is on the disk."""
SEGMENT_S, SEGMENT_BYTES = 60.0, 64 << 20
"""A file is ended at this age or size."""
MOST_WAITING_BYTES = 256 << 20
"""What may wait for a slow disk; beyond it a turn is not recorded, and that is said."""
BLOCK_BYTES = 16 << 20
ROOM_BYTES = 4 << 20
"""What is made free at least when the disk is full."""
FOLD_LINES = 2000
"""The book's lines about what was let go are folded into one when there are so many."""
ARCHIVE_S = 2.0
"""Time between two looks at how the archive is: less than what closes an episode of findings."""
STEP_US = 500_000
"""The clock has stepped when it differs by more from the time that has passed."""
TOLD = 1000


class RecordError(OSError):
    """The record cannot be opened for writing."""


@dataclass(slots=True)
class _Item:
    now_us: int
    deed: int
    block: Block | None = None
    lags: Sequence[float] = ()
    frames: list[frames.Packed] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    identities: NDArray[np.void] | None = None
    bytes: int = 0


class Recorder:
    """Writes one zone's record; all methods but :meth:`close` return at once."""

    def __init__(
        self,
        folder: Path,
        about: dict[str, Any],
        keeping: retention.Keeping | None = None,
        key: Key | None = None,
        most_waiting: int = MOST_WAITING_BYTES,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Open the record in ``folder`` (made if missing) and mend what an earlier writer left open.

        ``about`` goes to the head of each file (zone, map revision, software). ``keeping`` bounds the record, None keeps
        everything. Raises :class:`RecordError` where another writer is at work or the folder cannot be written.
        """
        self.folder, self.about, self.keeping, self.key = folder, about, keeping or retention.Keeping(), key
        self.cpu_s = 0.0
        self.written = self.lost = 0
        self._sign = key.sign if key is not None else None
        self._most_waiting = most_waiting
        self._items: deque[_Item] = deque()
        self._waiting = 0
        self._stop, self._wake = threading.Event(), threading.Event()
        self._notes: list[dict[str, Any]] = []
        self._findings: deque[Finding] = deque(maxlen=100)
        self._told_us: dict[int, int] = {}
        self._clock_ns = clock_ns
        self._stepped_ns = 0
        self._lost_from_us = 0
        self._segment: Segment | None = None
        self._synced = self._looked = time.monotonic()
        self._dirty = self._busy = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / "writer.lock").open("wb")
        except OSError as error:
            raise RecordError(f"{folder}: cannot be recorded to: {error}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if key is not None:
                (folder / PUBLIC_FILE).write_text(key.public + "\n")
            self._before = self._mend(time.time_ns() // 1000)
        except BlockingIOError:
            self._lock.close()
            raise RecordError(f"{folder}: another writer is at work here") from None
        except (OSError, book.BookError) as error:
            self._lock.close()
            raise RecordError(f"{folder}: cannot be recorded to: {error}") from None
        messages.pack(np.zeros(0, messages.TURN), [Block.of([])], np.empty(0))  # compiled before anything waits for it
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)
        self._thread.start()

    # -- what the cloud calls ------------------------------------------------------------------------------------------

    def turn(
        self,
        block: Block | None,
        now_us: int,
        lags_s: Sequence[float],
        packed: Sequence[bytes],
        first_seq: int,
        tick_us: int,
        sent: Sequence[tuple[str, bytes]] = (),
        words: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Hand over one round: what it took, until when the clock ran, the frames it made, what it sent down to devices.

        ``words`` are further notes of it, each with its ``kind``.

        Frames are numbered from ``first_seq``, the last is of the last whole ``tick_us`` before ``now_us``.
        """
        end_us = now_us // tick_us * tick_us
        made = [
            frames.Packed(first_seq + k, end_us - (len(packed) - 1 - k) * tick_us, data)
            for k, data in enumerate(packed)
        ]
        notes = [{"kind": "sent", "t_us": now_us, "topic": topic, "payload": data.hex()} for topic, data in sent]
        notes += [{**word, "t_us": now_us} for word in words]
        size = (len(block.data) if block is not None else 0) + sum(map(len, packed)) + sum(len(d) for _, d in sent)
        self._put(_Item(now_us, messages.ADVANCED, block, lags_s, made, notes, None, size + 200))

    def second(self, now_us: int, account: dict[str, Any], identities: NDArray[np.void]) -> None:
        """Hand over the account of a second, and IDENTITY rows: which track is which vehicle."""
        listed = account.get("episodes", ())
        fresh = [row for row in listed if self._told_us.get(row["id"]) != row["last_us"]]
        self._told_us = {row["id"]: row["last_us"] for row in listed}
        note = {**account, "kind": "account", "t_us": now_us, "episodes": fresh}
        self._put(_Item(now_us, messages.TOLD, notes=[note], identities=identities, bytes=4096))

    def findings(self) -> list[Finding]:
        """Return what went wrong with the record since the last call."""
        found = []
        while self._findings:
            found.append(self._findings.popleft())
        return found

    def flush(self) -> None:
        """Wait until what was handed over is written (for tests and measurements; the live path never waits)."""
        while self._items or self._busy:
            self._wake.set()
            time.sleep(0.002)

    def close(self) -> None:
        """Write what waits, seal the file and let the folder go."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        self._lock.close()

    def _put(self, item: _Item) -> None:
        apart_ns = self._clock_ns() - time.monotonic_ns()  # changes only where the clock steps
        step_us = (apart_ns - self._stepped_ns) // 1000
        if self._stepped_ns and abs(step_us) > STEP_US:
            item.notes.append({"kind": "clock.step", "t_us": item.now_us, "step_us": step_us})
        self._stepped_ns = apart_ns
        if self._waiting + item.bytes > self._most_waiting:
            self._lose(len(item.block) if item.block is not None else 0, item.now_us, "the disk is too slow")
            return
        self._waiting += item.bytes
        self._items.append(item)

    def _lose(self, count: int, now_us: int, why: str) -> None:
        self.lost += count
        reason = f"{why}: {self.lost} messages are not in the record so far"
        self._findings.append(Finding("record.lost", "record", "disk", reason, now_us, "fault", count or 1))
        self._notes.append({"kind": "record.lost", "t_us": now_us, "messages": count, "why": why})
        del self._notes[:-TOLD]

    # -- the thread ----------------------------------------------------------------------------------------------------

    def _mend(self, now_us: int) -> tuple[str, bytes, int]:
        """Seal what was left open and return (name, chain, number) of the last segment."""
        lines = book.read(self.folder)
        ends = book.ends(lines)
        number, name, word = book.folded(lines)
        chain = bytes.fromhex(word) if number else GENESIS
        if ends:
            before = ends[max(ends)]
            number, name, chain = before["segment"], before["name"], bytes.fromhex(before["chain"])
        for path in listing(self.folder):
            if number_of(path) in ends:
                continue
            number = max(number, number_of(path))
            try:
                kept = mend(path, chain, now_us)
            except SegmentError as error:
                kept = {"segment": number, "name": path.name, "chain": chain.hex(), "broken": str(error)}
                kept |= {"first_us": 0, "last_us": 0, "bytes": path.stat().st_size, "sealed_us": now_us, "counts": {}}
            book.append(self.folder, kept, self._sign)
            name, chain = path.name, bytes.fromhex(kept["chain"])
            if kept.get("cut") or kept.get("broken"):
                away_s = max(now_us - kept["last_us"], 0) / 1e6
                reason = f"{path.name} ended without a seal; the last it holds is {away_s:.1f} s before this start"
                self._findings.append(Finding("record.cut", "record", path.name, reason, now_us, "warning"))
                about = {"file": path.name, "last_us": kept["last_us"], "torn_bytes": kept.get("torn_bytes", 0)}
                self._notes.append({"kind": "record.cut", "t_us": now_us, **about, "broken": kept.get("broken")})
        return name, chain, number

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(WRITE_S)
            self._wake.clear()
            self._work()
        self._work()
        if self._segment is not None and not self._seal():
            self._segment.close()

    def _work(self) -> None:
        began = time.thread_time()
        while self._items:
            self._busy = True
            group, size = [], 0
            while self._items and size < BLOCK_BYTES:
                item = self._items.popleft()
                group.append(item)
                size += item.bytes
            self._write(group)
            self._waiting -= size
        self._busy = False
        now = time.monotonic()
        if self._dirty and now - self._synced >= SYNC_S and self._segment is not None:
            self._attempt(self._segment.sync)
            self._synced, self._dirty = now, False
        if now - self._looked >= ARCHIVE_S:
            self._looked = now
            self._findings.extend(retention.archive_away(self.folder, time.time_ns() // 1000))
        self.cpu_s += time.thread_time() - began

    def _attempt(self, deed: Any) -> bool:
        try:
            deed()
        except (OSError, book.BookError) as error:
            now_us = time.time_ns() // 1000
            self._findings.append(Finding("record.disk", "record", "disk", str(error), now_us, "fault"))
            return False
        return True

    def _write(self, group: list[_Item]) -> None:
        now_us = group[-1].now_us
        if self._segment is not None and (
            self._segment.bytes > SEGMENT_BYTES or not 0 <= now_us - self._segment.opened_us < SEGMENT_S * 1e6
        ):
            self._seal()
        rows = np.zeros(len(group), messages.TURN)
        for row, item in zip(rows, group, strict=True):
            count = len(item.block) if item.block is not None else 0
            row["now_us"], row["messages"], row["lags"], row["deed"] = item.now_us, count, len(item.lags), item.deed
        taken = [item.block for item in group if item.block is not None and len(item.block)]
        count = sum(map(len, taken))
        lags = np.array([lag for item in group for lag in item.lags], np.float64)
        first_us, last_us = min(item.now_us for item in group), max(item.now_us for item in group)
        if taken:
            first_us = min(first_us, *(int(block.receive_us.min()) for block in taken))
        if self._store(Kind.MESSAGES, messages.pack(rows, taken, lags), count, first_us, last_us):
            self.written += count
        else:
            self._lose(count, now_us, "the disk is full")
        made = [frame for item in group for frame in item.frames]
        if made:
            times = [frame.t_us for frame in made]
            self._store(Kind.FRAMES, frames.pack(made), len(made), min(times), max(times))
        for item in group:
            if item.identities is not None and len(item.identities):
                content = frames.pack_identities(item.now_us, item.identities)
                self._store(Kind.IDENTITIES, content, len(item.identities), item.now_us, item.now_us)
        waiting, self._notes = self._notes, []
        notes = waiting + [note for item in group for note in item.notes]
        if notes:
            text = "\n".join(json.dumps(note, ensure_ascii=False) for note in notes).encode()
            if not self._store(Kind.NOTES, text, len(notes), first_us, last_us):
                self._notes = waiting + self._notes

    def _store(self, kind: Kind, content: bytes, count: int, first_us: int, last_us: int) -> bool:
        """Append a block, making room once where the disk is full; return whether it is written."""
        for _ in range(2):
            try:
                if self._segment is None:
                    name, chain, number = self._before
                    self._segment = Segment(self.folder, number + 1, (name, chain), last_us, self.about)
                self._segment.add(kind, content, count, first_us, last_us)
                self._dirty = True
                return True
            except OSError as error:
                self._make_room(error, len(content))
        return False

    def _make_room(self, error: OSError, need: int) -> None:
        now_us = time.time_ns() // 1000
        reason = f"{error.strerror or error}: "
        gone: list[str] = []
        try:
            gone = self._prune(need + ROOM_BYTES)
            reason += f"let {len(gone)} of the oldest segments go" if gone else "nothing may be let go"
        except (OSError, book.BookError) as second:
            reason += f"no room can be made ({second})"
        self._findings.append(Finding("record.full", "record", "disk", reason, now_us, "fault"))
        self._notes.append({"kind": "record.full", "t_us": now_us, "why": str(error), "let_go": gone})
        del self._notes[:-TOLD]

    def _prune(self, more_bytes: int) -> list[str]:
        now_us = time.time_ns() // 1000
        return retention.prune(self.folder, self.keeping, now_us, self._sign, more_bytes, "disk full")

    def _seal(self) -> bool:
        """End the running segment and enter it in the book; where that fails it goes on being written."""
        segment = self._segment
        assert segment is not None
        for _ in range(2):
            try:
                kept = segment.seal(max(segment.last_us, segment.opened_us))
                self._before, self._segment = (segment.path.name, segment.chain, segment.number), None
                book.append(self.folder, kept, self._sign)
                self._attempt(lambda: self._prune(0))
                self._attempt(lambda: book.fold(self.folder, FOLD_LINES, self._sign))
                return True
            except (OSError, book.BookError) as error:
                if self._segment is None:
                    self._findings.append(
                        Finding("record.disk", "record", "book", str(error), segment.last_us, "fault")
                    )
                    return True
                if isinstance(error, OSError):
                    self._make_room(error, 0)
        return False
