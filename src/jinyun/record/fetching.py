"""Fetching (取回): an archived record comes back whole, as a folder that all commands of the record read.

What is here already with the right bytes is not asked for again, so that a fetch may be broken off and begun anew.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from jinyun.record import book, positions
from jinyun.record.archiving import ABOUT, BOOK, EVENTS, SEGMENTS
from jinyun.record.compacting import DONE, stamp
from jinyun.record.key import PUBLIC_FILE
from jinyun.record.positions import BY_PLACE, BY_VEHICLE, HOUR_US
from jinyun.record.store import Address, Store, opened
from jinyun.state import read_json, write_json

FETCHED = "fetched.json"
"""Says in a record's folder from where it came."""


class FetchError(ValueError):
    """What was asked for cannot be fetched; one clear line."""


def records(store: Store) -> list[str]:
    """Return the records of an archive, the oldest first."""
    return [name for name, size in store.listed("") if size is None and store.has(f"{name}/{ABOUT}")]


def fetch(where: Address, folder: Path, name: str | None = None) -> dict[str, Any]:
    """Bring a record of an archive to ``folder``; raises :class:`FetchError`, ``StoreError`` or ``OSError``.

    Returns ``{"name", "segments", "bytes", "positions", "packs", "faults"}``; a fault is a line of text.
    """
    store = opened(where)
    found = records(store)
    if not found:
        raise FetchError(f"{where.uri}: there is no archive of a record")
    if name is None and len(found) > 1:
        raise FetchError(f"there are {len(found)} records; choose one by --name: {', '.join(found)}")
    name = name or found[0]
    if name not in found:
        raise FetchError(f"there is no record {name}; there are {', '.join(found)}")
    _take_folder(folder, where.uri, name)
    faults: list[str] = []
    lines = _book(store, name, folder, faults)
    if store.has(f"{name}/{PUBLIC_FILE}"):
        store.get_file(f"{name}/{PUBLIC_FILE}", folder / PUBLIC_FILE)
    sizes = {inner: size or 0 for inner, size in store.listed(f"{name}/{SEGMENTS}")}
    gone = book.let_go(lines)
    total = count = 0
    for line in book.ends(lines).values():
        if line["segment"] in gone or "sha256" not in line:
            continue
        if line["name"] not in sizes:
            faults.append(f"{line['name']}: is not in the archive")
            continue
        count, total = count + 1, total + sizes[line["name"]]
        path = folder / Path(line["name"]).name
        if not (path.exists() and _sha256(path) == line["sha256"]):
            came = store.get_file(f"{name}/{SEGMENTS}/{line['name']}", path)
            if came != line["sha256"]:
                faults.append(f"{line['name']}: is not what was archived")
    kept = _positions(store, name, folder, lines)
    packs = _packs(store, name, folder)
    write_json(folder / FETCHED, {"uri": where.uri, "name": name, "whole": not faults})
    return {"name": name, "segments": count, "bytes": total, "positions": kept, "packs": packs, "faults": faults}


def _take_folder(folder: Path, uri: str, name: str) -> None:
    said = {"uri": uri, "name": name}
    if folder.exists() and any(folder.iterdir()):
        known = read_json(folder / FETCHED)
        if not isinstance(known, dict) or {key: known.get(key) for key in said} != said:
            raise FetchError(f"{folder}: is not empty, and not a fetch of {name} that was broken off")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FETCHED, said | {"whole": False})


def _book(store: Store, name: str, folder: Path, faults: list[str]) -> list[dict[str, Any]]:
    """Put the lines of the archive's book together; the last one may be just being written."""
    fresh = folder / (book.FILE + ".part")
    with fresh.open("wb") as file:
        for number, (inner, _) in enumerate(store.listed(f"{name}/{BOOK}"), 1):
            if inner != f"{number:08d}.json":
                faults.append(f"{BOOK}/{number:08d}.json: is not in the archive")
                break
            file.write(store.get(f"{name}/{BOOK}/{inner}"))
    fresh.replace(folder / book.FILE)
    try:
        return book.read(folder)
    except book.BookError as error:
        faults.append(str(error))
        return _readable(folder)


def _readable(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a broken book that can be read at all: its segments are still worth having."""
    found = []
    for raw in (folder / book.FILE).read_bytes().splitlines():
        try:
            line = json.loads(raw)
            if isinstance(line, dict) and isinstance(line["name"], str) and isinstance(line["segment"], int):
                found.append(line)
        except (ValueError, KeyError):
            continue
    return found


def _positions(store: Store, name: str, folder: Path, lines: list[dict[str, Any]]) -> int:
    """Bring the hours of which both files are there, and say which segments need not be turned into columns again."""
    target = folder / positions.FOLDER
    target.mkdir(exist_ok=True)
    sizes = {inner: size or 0 for inner, size in store.listed(f"{name}/{positions.FOLDER}")}
    hours = {inner[:11] for inner in sizes}
    hours = {hour for hour in hours if all(f"{hour}.{way}.parquet" in sizes for way in (BY_VEHICLE, BY_PLACE))}
    for hour in sorted(hours):
        for way in (BY_VEHICLE, BY_PLACE):
            path = target / f"{hour}.{way}.parquet"
            if not (path.exists() and path.stat().st_size == sizes[path.name]):
                store.get_file(f"{name}/{positions.FOLDER}/{path.name}", path)
    done = 0
    for number, line in sorted(book.ends(lines).items()):
        first, last = int(line["first_us"]) // HOUR_US, int(line["last_us"]) // HOUR_US
        if any(stamp(hour * HOUR_US, False) not in hours for hour in range(first, last + 1)):
            break
        done = number
    if not (target / DONE).exists():
        write_json(target / DONE, {"segment": done})
    return len(hours) * 2


def _packs(store: Store, name: str, folder: Path) -> int:
    """Bring the packs of which the signature, the last file of each, is there."""
    found = [(inner, size) for inner, size in store.listed(f"{name}/{EVENTS}", deep=True) if size is not None]
    whole = {inner.partition("/")[0] for inner, _ in found if inner.endswith("/manifest.sig")}
    for inner, size in found:
        path = folder / EVENTS / inner
        if inner.partition("/")[0] not in whole or ".." in Path(inner).parts:
            continue
        if not (path.exists() and path.stat().st_size == size):
            path.parent.mkdir(parents=True, exist_ok=True)
            store.get_file(f"{name}/{EVENTS}/{inner}", path)
    return len(whole)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
