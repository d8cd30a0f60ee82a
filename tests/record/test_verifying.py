"""Verifying: whatever is changed in a record is found, and the finding names the file."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jinyun.record import book
from jinyun.record.key import PUBLIC_FILE, Key, is_signed, own
from jinyun.record.segment import listing
from jinyun.record.verifying import verify
from tests.record.writing import record


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / "record"
    record(folder, 4, Key(Ed25519PrivateKey.generate()))
    verdict = verify(folder)
    assert verdict["ok"] and verdict["segments"] == 4 and verdict["signed"] and verdict["counts"]["messages"] == 200
    return folder


def faults(folder: Path) -> list[tuple[str, str]]:
    verdict = verify(folder)
    assert verdict["ok"] == (not verdict["faults"])
    return [(fault["segment"], fault["fault"]) for fault in verdict["faults"]]


def test_a_single_flipped_bit_anywhere_is_found_and_its_file_named(kept: Path) -> None:
    rng = random.Random(1)
    for path in listing(kept):
        data = path.read_bytes()
        for at in {0, 7, 8, 40, 50, len(data) - 1} | {rng.randrange(len(data)) for _ in range(60)}:
            changed = bytearray(data)
            changed[at] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            assert path.name in [name for name, _ in faults(kept)], f"byte {at} of {len(data)}"
        path.write_bytes(data)
    assert faults(kept) == []


def test_a_removed_segment_is_found_wherever_it_stood(kept: Path) -> None:
    for path in listing(kept):
        data = path.read_bytes()
        path.unlink()
        assert faults(kept) == [(path.name, "missing")]
        path.write_bytes(data)


def test_two_segments_that_changed_places_are_found(kept: Path) -> None:
    paths = listing(kept)
    for one, other in ((paths[1], paths[2]), (paths[0], paths[3])):
        a, b = one.read_bytes(), other.read_bytes()
        one.write_bytes(b)
        other.write_bytes(a)
        found = faults(kept)
        assert (one.name, "order") in found and (other.name, "order") in found
        one.write_bytes(a)
        other.write_bytes(b)


def test_a_segment_that_was_cut_or_grew_is_found(kept: Path) -> None:
    path = listing(kept)[-1]
    data = path.read_bytes()
    for changed in (data[:-1], data[:-200], data + b"\\0", data + data[8:]):
        path.write_bytes(changed)
        assert path.name in [name for name, _ in faults(kept)]


def test_a_changed_book_is_found(kept: Path) -> None:
    path = kept / book.FILE
    text = path.read_text()
    for changed in (text.replace('"segment": 2', '"segment": 5'), text.replace("T", "t", 1)):
        path.write_text(changed)
        assert (book.FILE, "book") in faults(kept)
    lines = text.splitlines(keepends=True)
    path.write_text("".join([lines[0], *lines[2:]]))
    assert (book.FILE, "book") in faults(kept)


def test_a_book_written_anew_without_the_zones_key_is_found(kept: Path) -> None:
    lines = [json.loads(line) for line in (kept / book.FILE).read_text().splitlines()]
    (kept / book.FILE).unlink()
    stranger = Key(Ed25519PrivateKey.generate())
    for line in lines:
        book.append(kept, {k: v for k, v in line.items() if k not in ("line", "signature")}, stranger.sign)
    assert (book.FILE, "signature") in faults(kept)


def test_a_record_cut_with_its_book_is_found_by_a_head_kept_elsewhere(kept: Path) -> None:
    head = verify(kept)["head"]
    listing(kept)[-1].unlink()
    lines = (kept / book.FILE).read_text().splitlines(keepends=True)
    (kept / book.FILE).write_text("".join(lines[:-1]))
    assert verify(kept)["ok"]  # true in itself
    assert [fault["fault"] for fault in verify(kept, head)["faults"]] == ["head"]


def test_the_zones_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = own(tmp_path)
    assert own(tmp_path).public == key.public
    assert (tmp_path / "record.key").stat().st_mode & 0o777 == 0o600
    assert is_signed(key.public, b"word", key.sign(b"word").hex())
    assert not is_signed(key.public, b"Word", key.sign(b"word").hex())
    assert not is_signed("zz", b"word", "no")
    assert PUBLIC_FILE != "record.key"
