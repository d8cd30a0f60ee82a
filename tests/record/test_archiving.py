"""The archive: what is sealed is in the store and comes back whole; what was broken off or changed is not taken for whole."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun.cli import main
from jinyun.cloud import findings
from jinyun.record import archiving, book, key, positions, retention, store
from jinyun.record.archiving import Archive, rest_s
from jinyun.record.command import archive_told, listed
from jinyun.record.fetching import FetchError, fetch
from jinyun.record.positions import POSITION
from jinyun.record.retention import Keeping, prune
from jinyun.record.segment import listing
from jinyun.record.store import AddressError, Store, address
from jinyun.record.verifying import verify
from jinyun.record.writing import Recorder
from jinyun.run.place import RunError, checked_archive
from jinyun.supervision.evidence.pack import FOLDER
from tests.conftest import answers, free_port, wait_for
from tests.record.writing import T0_US, numbers, record

NOW_US = T0_US + 600_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shared path that archives lie on."""
    folder = tmp_path / "nas"
    folder.mkdir()
    return folder


@pytest.fixture
def signer(tmp_path: Path) -> key.Key:
    (tmp_path / "state").mkdir()
    return key.own(tmp_path / "state")


def archive(folder: Path, root: Path, signer: key.Key | None = None, packs: Path | None = None) -> Archive:
    return Archive(folder, address(root.as_uri()), signer, packs)


def once(folder: Path, root: Path, signer: key.Key | None = None, packs: Path | None = None) -> dict[str, Any]:
    """Archive one round that must reach the store, and return the state."""
    work = archive(folder, root, signer, packs)
    assert work.round(NOW_US), work.state
    work.close()
    return work.state


def in_store(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(f"*/{pattern}"))


def test_a_record_comes_back_whole_and_signed(tmp_path: Path, root: Path, signer: key.Key) -> None:
    folder, back = tmp_path / "record", tmp_path / "back"
    record(folder, 3, signer)
    state = once(folder, root, signer)
    assert (state["segment"], state["waiting"], state["away_since_us"]) == (3, 0, None)
    found = fetch(address(root.as_uri()), back)
    assert (found["segments"], found["faults"]) == (3, [])
    verdict = verify(back)
    assert verdict["ok"] and verdict["signed"] and verdict["notes"] == []
    assert verdict["head"] == verify(folder)["head"]
    assert [path.read_bytes() for path in listing(back)] == [path.read_bytes() for path in listing(folder)]


def test_what_is_sealed_later_follows_and_nothing_is_copied_twice(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "record"
    record(folder, 2)
    once(folder, root)
    copied: list[str] = []
    put_file = Store.put_file

    def noted(self: Store, path: Path, name: str) -> str:
        copied.append(path.name)
        return put_file(self, path, name)

    monkeypatch.setattr(Store, "put_file", noted)
    once(folder, root)
    assert copied == []
    record(folder, 2)
    assert once(folder, root)["segment"] == 4
    assert copied == [path.name for path in listing(folder)[2:]]
    fetch(address(root.as_uri()), tmp_path / "back")
    assert verify(tmp_path / "back")["ok"]
    assert numbers(tmp_path / "back") == numbers(folder)


def test_a_segment_is_there_and_read_back_before_the_line_that_names_it(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path / "record", 3)
    deeds: list[tuple[str, str]] = []
    prove = Store._prove

    def proved(self: Store, name: str, size: int, sha256: str) -> None:
        prove(self, name, size, sha256)
        deeds.append((name.split("/")[1], name.split("/")[-1]))

    monkeypatch.setattr(Store, "_prove", proved)
    once(tmp_path / "record", root)
    order = [(where, int(name[:8])) for where, name in deeds if where in ("segments", "book")]
    assert order == [("segments", 1), ("book", 1), ("segments", 2), ("book", 2), ("segments", 3), ("book", 3)]


def test_what_a_store_did_not_keep_is_not_in_its_book(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path / "record", 2)
    chunks = Store.chunks

    def forgetful(self: Store, name: str) -> Iterator[bytes]:
        whole = b"".join(chunks(self, name))
        yield whole[:-1] + b"?" if "/segments/00000002" in name else whole

    with monkeypatch.context() as forgetting:
        forgetting.setattr(Store, "chunks", forgetful)
        work = archive(tmp_path / "record", root)
        assert not work.round(NOW_US)
        assert work.state["word"] == archiving.AWAY and "00000002" in work.state["reason"]
        assert (work.state["segment"], work.state["waiting"]) == (1, 1)
    assert len(in_store(root, "book/*")) == 1
    assert work.round(NOW_US)
    work.close()
    assert len(in_store(root, "book/*")) == 2


@pytest.mark.integration
def test_kill_9_in_the_middle_of_a_copy_leaves_no_half_segment_in_the_book(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "record"
    record(folder, 3)
    argv = [sys.executable, "-m", "tests.record.archiver", str(folder), root.as_uri()]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "halfway\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
    half = in_store(root, "segments/00000002-*")[0]
    assert 0 < half.stat().st_size < listing(folder)[1].stat().st_size
    assert fetch(address(root.as_uri()), tmp_path / "early")["segments"] == 1
    assert verify(tmp_path / "early")["ok"]
    assert once(folder, root)["segment"] == 3
    assert fetch(address(root.as_uri()), tmp_path / "back")["faults"] == []
    assert verify(tmp_path / "back")["ok"] and len(listing(tmp_path / "back")) == 3


def test_a_kill_between_a_line_and_our_note_of_it_writes_the_same_line_again(
    tmp_path: Path, root: Path, signer: key.Key
) -> None:
    folder = tmp_path / "record"
    record(folder, 2, signer)
    once(folder, root, signer)
    before = [path.read_bytes() for path in in_store(root, "book/*")]
    (folder / archiving.STATE).unlink()
    once(folder, root, signer)
    assert [path.read_bytes() for path in in_store(root, "book/*")] == before


def test_a_store_that_is_away_is_told_waited_for_and_taken_up_again(tmp_path: Path, root: Path) -> None:
    folder, aside = tmp_path / "record", tmp_path / "aside"
    record(folder, 1)
    work = archive(folder, root)
    assert work.round(NOW_US)
    root.rename(aside)
    record(folder, 2)
    assert not work.round(NOW_US + 1) and not work.round(NOW_US + 2)
    said = listed(folder)["archive"]
    assert (said["word"], said["away_since_us"], said["segment"], said["waiting"]) == (
        "record.archive.away", NOW_US + 1, 1, 2,
    )  # fmt: skip
    assert "up to segment 1" in archive_told(said, NOW_US) and "record.archive.away since" in archive_told(said, NOW_US)
    root.mkdir()  # the empty folder that a share is mounted on: nothing may land there
    assert not work.round(NOW_US + 3)
    assert list(root.iterdir()) == []
    root.rmdir()
    aside.rename(root)
    assert work.round(NOW_US + 4)
    work.close()
    assert (work.state["segment"], work.state["away_since_us"], work.state["word"]) == (3, None, None)
    fetch(address(root.as_uri()), tmp_path / "back")
    assert verify(tmp_path / "back")["ok"]


def test_rests_grow_while_the_store_is_away(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "record"
    record(folder, 1)
    aside = tmp_path / "aside"
    root.rename(aside)
    rests: list[float] = []

    def pause(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 8:
            aside.rename(root)
        if len(rests) == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archiving.keep(lambda: folder, address(root.as_uri()), None, None, pause)
    assert rests == [10, 20, 40, 80, 160, 300, 300, 300, archiving.LOOK_S]
    assert rest_s(300, reached=True) == archiving.LOOK_S
    assert len(in_store(root, "segments/*")) == 1


def test_an_archive_that_is_away_is_a_finding_of_the_cloud_in_both_languages(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jinyun.record import writing

    folder = tmp_path / "record"
    record(folder, 1)
    root.rmdir()
    work = archive(folder, root)
    work.round(time.time_ns() // 1000)
    work.close()
    monkeypatch.setattr(writing, "ARCHIVE_S", 0.0)
    recorder = Recorder(folder, {})
    found = wait_for(recorder.findings, what="finding")
    recorder.close()
    assert {one.rule for one in found} == {"record.archive.away"}
    assert found[0].reason == "the archive cannot be reached; 1 sealed segments are here only"
    assert findings.chinese(found[0].reason) == "无法连接存档；1 个已封存分段只在本机"


def test_a_byte_changed_in_the_archive_is_found(tmp_path: Path, root: Path, signer: key.Key) -> None:
    folder, back = tmp_path / "record", tmp_path / "back"
    record(folder, 3, signer)
    once(folder, root, signer)
    victim = in_store(root, "segments/00000002-*")[0]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    assert fetch(address(root.as_uri()), back)["faults"] == [f"{victim.name}: is not what was archived"]
    faults = verify(back)["faults"]
    assert [(fault["segment"], fault["fault"]) for fault in faults] == [(victim.name, "checksum")]


@pytest.mark.parametrize("deed", ["change", "remove"])
def test_a_book_changed_in_the_archive_is_found(tmp_path: Path, root: Path, signer: key.Key, deed: str) -> None:
    record(tmp_path / "record", 3, signer)
    once(tmp_path / "record", root, signer)
    victim = in_store(root, "book/*")[1]
    if deed == "change":
        victim.write_bytes(victim.read_bytes().replace(b'"segment": 2', b'"segment": 7'))
    else:
        victim.unlink()
    assert fetch(address(root.as_uri()), tmp_path / "back")["faults"]
    assert deed == "remove" or not verify(tmp_path / "back")["ok"]


def test_a_segment_missing_in_the_archive_is_found(tmp_path: Path, root: Path) -> None:
    record(tmp_path / "record", 3)
    once(tmp_path / "record", root)
    in_store(root, "segments/00000002-*")[0].unlink()
    assert len(fetch(address(root.as_uri()), tmp_path / "back")["faults"]) == 1
    assert [fault["fault"] for fault in verify(tmp_path / "back")["faults"]] == ["missing"]


def test_a_ring_that_has_turned_is_archived_from_where_it_begins_and_gaps_are_said(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "record"
    record(folder, 3)
    paths = listing(folder)
    retention.let_go(folder, paths[0], "age", T0_US, None)
    once(folder, root)
    record(folder, 2)
    retention.let_go(folder, paths[1], "age", T0_US, None)  # archived already: the archive keeps it
    retention.let_go(folder, listing(folder)[1], "disk full", T0_US, None)  # not archived: gone for ever
    assert once(folder, root)["segment"] == 5
    fetch(address(root.as_uri()), tmp_path / "back")
    verdict = verify(tmp_path / "back")
    assert verdict["ok"], verdict["faults"]
    assert [int(path.name[:8]) for path in listing(tmp_path / "back")] == [2, 3, 5]
    assert book.read(tmp_path / "back")[0]["folded"] == 1
    assert book.let_go(book.read(tmp_path / "back"))[4]["why"] == "disk full"


def test_a_book_that_has_forgotten_what_was_not_archived_begins_another_record(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "record"
    record(folder, 1)
    once(folder, root)
    record(folder, 3)
    for path in listing(folder)[:3]:
        retention.let_go(folder, path, "age", T0_US, None)
    book.fold(folder, 1)
    once(folder, root)
    names = sorted(path.name for path in root.iterdir())
    assert len(names) == 2
    with pytest.raises(FetchError, match="choose one by --name"):
        fetch(address(root.as_uri()), tmp_path / "back")
    for name in names:
        fetch(address(root.as_uri()), tmp_path / name, name)
        assert verify(tmp_path / name)["ok"]


def test_positions_of_closed_hours_and_packs_come_along_and_are_not_made_twice(tmp_path: Path, root: Path) -> None:
    folder, packs = tmp_path / "record", tmp_path / "events"
    record(folder, 1)
    columns = folder / positions.FOLDER
    columns.mkdir()
    hour = time.strftime("%Y%m%dT%H", time.gmtime(T0_US / 1e6))
    rows = np.zeros(5, POSITION)
    rows["t_us"] = T0_US + np.arange(5)
    for way in (positions.BY_VEHICLE, positions.BY_PLACE):
        positions.write(columns / f"{hour}.{way}.parquet", rows, way)
    positions.write(columns / "20991231T2300.by-place.9.parquet", rows)  # of an hour that is open
    positions.write(columns / "20991231T23.by-place.parquet", rows)
    (packs / "e1" / "raw").mkdir(parents=True)
    (packs / "e1" / "raw" / "a.jyr").write_bytes(b"a")
    (packs / "e1" / "manifest.sig").write_bytes(b"{}")
    (packs / "e2.new").mkdir()
    (packs / "e2.new" / "manifest.sig").write_bytes(b"half")
    (packs / "e3").mkdir()
    (packs / "e3" / "manifest.json").write_bytes(b"not signed")
    once(folder, root, packs=packs)
    found = fetch(address(root.as_uri()), tmp_path / "back")
    assert (found["positions"], found["packs"]) == (2, 1)
    assert positions.read([tmp_path / "back" / "positions" / f"{hour}.by-place.parquet"])["t_us"].tolist() == (
        rows["t_us"].tolist()
    )
    assert json.loads((tmp_path / "back" / "positions" / "done.json").read_text()) == {"segment": 1}
    assert (tmp_path / "back" / "events" / "e1" / "raw" / "a.jyr").read_bytes() == b"a"
    assert sorted(path.name for path in (tmp_path / "back" / "events").iterdir()) == ["e1"]
    assert archiving.EVENTS == FOLDER


def test_a_fetch_goes_on_where_it_was_broken_off_and_takes_no_strange_folder(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path / "record", 3)
    once(tmp_path / "record", root)
    back, asked = tmp_path / "back", []
    get_file = Store.get_file

    def failing(self: Store, name: str, path: Path) -> str:
        asked.append(path.name)
        if path.name.startswith("00000003") and len(asked) == 3:
            raise store.StoreError("gone")
        return get_file(self, name, path)

    monkeypatch.setattr(Store, "get_file", failing)
    with pytest.raises(store.StoreError):
        fetch(address(root.as_uri()), back)
    assert not verify(back)["ok"]
    assert fetch(address(root.as_uri()), back)["faults"] == []
    assert [int(name[:8]) for name in asked] == [1, 2, 3, 3]
    assert verify(back)["ok"]
    with pytest.raises(FetchError, match="not empty"):
        fetch(address(root.as_uri()), tmp_path / "record")


def test_what_waits_for_its_archive_stays_twice_as_long_and_no_longer(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "record"
    record(folder, 3)
    end_us = book.ends(book.read(folder))[3]["last_us"]
    keeping = Keeping(segments_s=600.0)

    def gone(after_s: float, told_us: int | None = None, more: int = 0) -> list[int]:
        now_us = end_us + int(after_s * 1e6)
        said = {"uri": "x", "segment": 1, "told_us": now_us if told_us is None else told_us}
        (folder / archiving.STATE).write_text(json.dumps(said))
        return [int(name[:8]) for name in prune(folder, keeping, now_us, more_bytes=more)]

    assert gone(700) == [1]
    assert gone(700) == []
    assert gone(700, told_us=end_us - 86_400_000_000, more=0) == [2, 3]


def test_a_full_disk_and_days_without_the_store_wait_for_no_archive(tmp_path: Path) -> None:
    for name, after_s, more, expected in (("full", 1, 1, [1]), ("days", 1300, 0, [1, 2, 3])):
        folder = tmp_path / name
        record(folder, 3)
        now_us = book.ends(book.read(folder))[3]["last_us"] + after_s * 1_000_000
        (folder / archiving.STATE).write_text(json.dumps({"segment": 0, "told_us": now_us}))
        gone = prune(folder, Keeping(segments_s=600.0), now_us, more_bytes=more)
        assert [int(one[:8]) for one in gone] == expected


@pytest.mark.parametrize(
    "uri",
    ["s3://k:SECRET@bucket/x", "s3://bucket/x?secret_key=SECRET", "s3://b/x?endpoint_override=http://k:SECRET@h",
     "http://x/y", "file:x", "/mnt", "s3:///x",
     "file://host/x", "s3://b/x?colour=red"],
)  # fmt: skip
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(AddressError) as refused:
        address(uri)
    assert "SECRET" not in str(refused.value)
    with pytest.raises(RunError):
        checked_archive(uri, recorded=True)


def test_a_run_without_a_record_has_nothing_to_archive() -> None:
    checked_archive("file:///mnt/nas", recorded=True)
    with pytest.raises(RunError, match="--no-record"):
        checked_archive("file:///mnt/nas", recorded=False)


def test_credentials_of_the_environment_are_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    assert store.clean("the key\n hush is wrong") == "the key *** is wrong"


def test_only_who_opens_an_archive_loads_the_client_of_s3() -> None:
    code = "import sys, jinyun.cloud.service, jinyun.record.store; print('pyarrow._s3fs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.integration
def test_the_process_archives_the_record_a_zone_writes_and_ends_with_its_starter(tmp_path: Path, root: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "record"
    state.mkdir()
    record(folder, 1, key.own(state))
    (state / "recording.json").write_text(json.dumps({"folder": str(folder), "ring": True}))
    argv = [sys.executable, "-m", "jinyun.record.archiving", "--state-dir", str(state), "--to", root.as_uri()]
    with subprocess.Popen([*argv, "--with-parent"], stdin=subprocess.PIPE) as child:
        wait_for(lambda: len(in_store(root, "book/*")) == 1, what="first segment")
        record(folder, 1, key.own(state))  # the cloud starts again beside it
        wait_for(lambda: len(in_store(root, "book/*")) == 2, what="second segment")
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == -signal.SIGTERM
    fetch(address(root.as_uri()), tmp_path / "back")
    assert verify(tmp_path / "back")["ok"] and verify(tmp_path / "back")["signed"]


def test_the_commands_archive_fetch_and_tell_how_far_it_is(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JINYUN_STATE", str(tmp_path / "states"))
    folder, back = str(tmp_path / "record"), str(tmp_path / "back")
    record(Path(folder), 2)
    assert main(["record", "archive", root.as_uri(), folder]) == 0
    assert main(["record", "ls", folder]) == 0
    assert f"archive: {root.as_uri()}: " in (said := capsys.readouterr().out) and "up to segment 2" in said
    assert main(["record", "fetch", root.as_uri(), back]) == 0
    assert main(["record", "verify", back]) == 0
    in_store(root, "segments/*")[0].write_bytes(b"other")
    assert main(["record", "fetch", root.as_uri(), back + "2"]) == 1
    assert main(["record", "fetch", "s3://k:secret@b", back + "3"]) == 2
    root.rename(tmp_path / "aside")
    assert main(["record", "archive", root.as_uri(), folder]) == 1
    assert "is it mounted?" in capsys.readouterr().out


# -- an independent S3 server ----------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Serve S3 on a free port; return the address of an archive in a bucket there."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("large: pip install 'moto[server]', and run again")
    port = free_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing-not-a-secret")
    with (tmp_path / "moto.log").open("wb") as log:
        argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(port), 60.0, "S3 server")
        url = f"http://127.0.0.1:{port}/zone-records"
        urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=20).close()
        yield f"s3://zone-records/science-city?endpoint_override=http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.mark.integration
def test_an_s3_store_takes_a_record_and_gives_it_back(tmp_path: Path, signer: key.Key, bucket: str) -> None:
    uri = bucket
    folder = tmp_path / "record"
    record(folder, 3, signer)
    packs = tmp_path / "events"
    (packs / "e1").mkdir(parents=True)
    (packs / "e1" / "manifest.sig").write_bytes(b"{}")
    work = Archive(folder, address(uri), signer, packs)
    assert work.round(NOW_US), work.state
    record(folder, 1, signer)
    assert work.round(NOW_US), work.state
    work.close()
    assert "testing-not-a-secret" not in (folder / archiving.STATE).read_text()
    found = fetch(address(uri), tmp_path / "back")
    assert (found["segments"], found["packs"], found["faults"]) == (4, 1, [])
    verdict = verify(tmp_path / "back")
    assert verdict["ok"] and verdict["signed"] and verdict["head"] == verify(folder)["head"]
    name = listing(folder)[1].name
    data = bytearray(listing(folder)[1].read_bytes())
    data[len(data) // 2] ^= 1
    store.opened(address(uri)).put(bytes(data), f"{found['name']}/segments/{name}")
    assert fetch(address(uri), tmp_path / "again")["faults"] == [f"{name}: is not what was archived"]
    assert [fault["segment"] for fault in verify(tmp_path / "again")["faults"]] == [name]


@pytest.mark.integration
def test_an_s3_store_without_its_bucket_or_not_there_is_away(tmp_path: Path, bucket: str) -> None:
    record(tmp_path / "record", 1)
    for uri in (
        bucket.replace("zone-records", "no-such"),
        f"s3://b/x?endpoint_override=http://127.0.0.1:{free_port()}",
    ):
        work = Archive(tmp_path / "record", address(uri))
        assert not work.round(NOW_US)
        assert (work.state["word"], work.state["waiting"]) == (archiving.AWAY, 1)
        assert work.state["reason"] and os.environ["AWS_SECRET_ACCESS_KEY"] not in work.state["reason"]
        work.close()
