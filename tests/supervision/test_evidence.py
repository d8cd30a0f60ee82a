"""The pack of a crash: complete, proved with Python alone, and broken by any byte that changes."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun import zone as zones
from jinyun.record.key import Key
from jinyun.supervision.events import Event
from jinyun.supervision.evidence import verify
from jinyun.supervision.evidence.pack import PackError, make
from tests.supervision.crash import CRASH_S, T0_US, record

KEY = Key(Ed25519PrivateKey.generate())
EVENT = Event("contact", T0_US + int(CRASH_S * 1e6), -4.6, 0.0, (7, 9), "轮廓相触", "outlines touch")


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crash")
    record(folder / "record", KEY)
    zone = zones.load(zones.find(None))
    make(
        zone,
        None,
        folder / "record",
        EVENT,
        folder / EVENT.id,
        KEY,
        {"items": [{"vehicle": "V"}], "video": ["cam-1/0001"]},
    )
    return folder / EVENT.id


def by_plain_python(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the pack's own verifier as a machine would that has nothing but Python: isolated, no site packages."""
    program = path / "verify.py" if path.is_dir() else path.parent / "verify.py"
    argv = [sys.executable, "-I", "-S", str(program), str(path), *more]
    return subprocess.run(
        argv, capture_output=True, text=True, env={"PATH": "/nowhere", "PYTHONIOENCODING": "utf-8"}, check=False
    )


def test_the_pack_holds_everything_from_ninety_seconds_before_to_thirty_after(pack: Path) -> None:
    told = json.loads((pack / "event.json").read_text())
    assert told["coverage"]["before_s"] >= 90 and told["coverage"]["after_s"] >= 30
    assert told["event"]["simulated"] and told["event"]["map_revision"] == "some"
    assert [row["track"] for row in told["participants"] if row["involved"]] == [7, 9]
    assert next(row for row in told["participants"] if row["track"] == 7)["vehicle"] == f"{0xA1:016x}"
    lines = (pack / "tracks.csv").read_text().splitlines()
    assert len(lines) > 3 * 1190 and lines[0].startswith("t_us,track,vehicle")
    senders = json.loads((pack / "senders.json").read_text())
    assert senders["jinyun.science-city.obu.car-7.up.bsm"]["messages"] >= 1190
    events = [row["what"] for row in json.loads((pack / "timeline.json").read_text())]
    assert {"contact", "device.silent"} <= set(events)


def test_the_data_items_of_a_test_vehicle_near_by_are_in_the_pack_and_those_of_one_far_away_are_not(pack: Path) -> None:
    items = json.loads((pack / "items.json").read_text())
    assert items[0] == {"vehicle": "V"}  # what was given beside the record
    recorded = items[1:]
    assert {row["vehicle"] for row in recorded} == {"NEAR"}
    assert len(recorded) >= 2 * 119 and recorded[0]["source"] == "jinyun.science-city.obu.NEAR.up.items"
    at_s = [row["t_ms"] / 1000 - EVENT.t_us / 1e6 for row in recorded]
    assert at_s == sorted(at_s) and -90.01 <= at_s[0] <= -89 and 29 <= at_s[-1] <= 30.01
    video = json.loads((pack / "video.json").read_text())
    assert video[0] == "cam-1/0001"
    assert {row["where"] for row in video[1:]} == {"NEAR/front", "NEAR/cabin"}


def test_the_raw_blocks_of_the_pack_are_those_of_the_record(pack: Path) -> None:
    recorded = b"".join(path.read_bytes() for path in sorted((pack.parent / "record").glob("*.jyr")))
    for path in (pack / "record").glob("*.jyr"):
        assert path.read_bytes()[8:] in recorded


def test_the_report_tells_the_same_in_both_languages_and_says_that_it_is_simulated(pack: Path) -> None:
    zh, en = ((pack / f"report.{language}.html").read_text() for language in ("zh", "en"))
    assert "疑似碰撞" in zh and "机动车" in zh and "仿真" in zh and 'lang="zh-CN"' in zh
    assert "possible collision" in en and "simulated" in en and "motor vehicle" in en
    assert zh.count("<svg") == en.count("<svg") == 6
    assert (pack / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_pack_is_proved_by_plain_python_as_folder_and_as_zip(pack: Path, tmp_path: Path) -> None:
    done = by_plain_python(pack, "--key", KEY.public)
    assert (done.returncode, done.stderr) == (0, "")
    shutil.copy(pack / "verify.py", tmp_path)
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as file:
        for path in pack.rglob("*"):
            if path.is_file():
                file.write(path, path.relative_to(pack).as_posix())
    assert by_plain_python(tmp_path / "pack.zip").returncode == 0
    stranger = Key(Ed25519PrivateKey.generate()).public
    assert by_plain_python(pack, "--key", stranger).returncode == 1


def test_any_byte_that_changes_fails_the_pack_and_its_file_is_named(pack: Path) -> None:
    rng = random.Random(3)
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        data = path.read_bytes()
        for at in {0, len(data) - 1, *(rng.randrange(len(data)) for _ in range(4))}:
            changed = bytearray(data)
            changed[at] ^= 1 << rng.randrange(8)
            path.write_bytes(changed)
            _, faults = verify.verify(pack)
            assert any(fault.startswith((path.relative_to(pack).as_posix(), "manifest.json")) for fault in faults), (
                path,
                at,
            )
        path.write_bytes(data)
    assert verify.verify(pack)[1] == []


def test_a_removed_an_added_and_an_exchanged_file_are_named(pack: Path) -> None:
    tracks, senders = pack / "tracks.csv", pack / "senders.json"
    a, b = tracks.read_bytes(), senders.read_bytes()
    tracks.unlink()
    assert verify.verify(pack)[1] == ["tracks.csv: is missing"]
    tracks.write_bytes(b)
    senders.write_bytes(a)
    assert verify.verify(pack)[1] == ["senders.json: was changed", "tracks.csv: was changed"]
    tracks.write_bytes(a)
    senders.write_bytes(b)
    (pack / "more.txt").write_text("x")
    assert verify.verify(pack)[1] == ["more.txt: was added"]
    (pack / "more.txt").unlink()


def test_recorded_blocks_that_were_exchanged_before_sealing_break_the_chain(pack: Path) -> None:
    path = next((pack / "record").glob("*.jyr"))
    manifest = json.loads((pack / "manifest.json").read_text())
    before = bytes.fromhex(next(one["chain_before"] for one in manifest["files"] if one["name"].endswith(path.name)))
    data = path.read_bytes()
    assert verify.chain_faults("r", data, before) == []
    first = 8 + 68 + int.from_bytes(data[16:20], "little")
    assert verify.chain_faults("r", data[:8] + data[first:], before) != []


def test_a_pack_of_a_moment_that_was_not_recorded_is_refused(pack: Path, tmp_path: Path) -> None:
    late = Event("asked", T0_US + 10**12, 0.0, 0.0, (), "x", "x")
    with pytest.raises(PackError, match="no frame was recorded"):
        make(zones.load(zones.find(None)), None, pack.parent / "record", late, tmp_path / "none", KEY)


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 511))
def test_the_verifiers_ed25519_agrees_with_a_library(message: bytes, bit: int) -> None:
    public = bytes.fromhex(KEY.public)
    signature = bytearray(KEY.sign(message))
    assert verify.is_signed(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not verify.is_signed(public, message, bytes(signature))


def test_the_verifiers_ed25519_holds_a_published_vector() -> None:
    # RFC 8032, 7.1, test 2
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify.is_signed(public, b"\x72", signature)
    assert not verify.is_signed(public, b"\x73", signature)
