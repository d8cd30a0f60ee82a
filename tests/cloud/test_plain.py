"""``jinyun fuse``: a recording in the documented plain form, right and wrong, by the command's own door."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun import cli
from jinyun.cloud import plain

T0 = 1_795_000_000_000_000
LON, LAT = 115.93, 39.07
METRES_A_DEGREE = 111_319.5


def drive(seconds: float = 5.0, noise_m: float = 0.3, degrees: bool = False) -> list[dict[str, Any]]:
    """One car eastward at 10 m/s that speaks of itself, and two units that see it, ten times a second."""
    rng = np.random.default_rng(2)
    told = []
    for n in range(round(seconds * 10)):
        t_us = T0 + n * 100_000
        for source, by in (("car-1", "itself"), ("pole-1", "road"), ("pole-2", "road")):
            x, y = n * 1.0 + rng.normal(0, noise_m), rng.normal(0, noise_m)
            place = {"x_m": x, "y_m": y}
            if degrees:
                squeeze = math.cos(math.radians(LAT))
                place = {"lon": LON + x / METRES_A_DEGREE / squeeze, "lat": LAT + y / METRES_A_DEGREE}
            told.append(
                {"t_us": t_us, "receive_us": t_us + 40_000, "source": source, "by": by, "kind": "motor",
                 "speed_mps": 10.0, "heading_deg": 90.0, "length_m": 4.6, "width_m": 1.8, "position_sd_m": noise_m}
                | place | ({} if by == "itself" else {"object": 7})
            )  # fmt: skip
    return told


def write(path: Path, told: list[Any], form: str = "list") -> Path:
    if form == "lines":
        path.write_text("".join(json.dumps(one) + "\n" for one in told))
    else:
        path.write_text(json.dumps({"sightings": told} if form == "object" else told))
    return path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = cli.main(["fuse", *argv])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_three_senders_give_one_track_where_the_car_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, str(write(tmp_path / "drive.json", drive())), "--json")
    assert (code, err) == (0, "")
    account = json.loads(out)
    assert (account["sightings"], account["refused"], account["senders"], account["tracks"]) == (150, 0, 3, 1)
    assert account["frame_count"] == len(account["frames"]) and account["origin"] is None
    frame = account["frames"][-1]
    (track,) = frame["tracks"]
    where = (frame["t_us"] - T0) / 1e5  # metres: a metre a tenth of a second
    assert math.hypot(track["x_m"] - where, track["y_m"]) < 0.5
    assert abs(track["heading_deg"] - 90) < 2 and abs(track["speed_mps"] - 10) < 0.3
    assert (track["kind"], track["sources"]) == ("motor", 3) and "lon" not in track


@pytest.mark.parametrize("form", ["list", "object", "lines"])
def test_the_three_forms_of_the_file_say_the_same(tmp_path: Path, form: str) -> None:
    told = drive(1.0)
    usual = plain.command(write(tmp_path / "usual", told), None, True)
    account = plain.command(write(tmp_path / form, told, form), None, True)
    assert account["frames"] == usual["frames"] and account["frames"][-1]["tracks"]


def test_degrees_come_back_as_degrees(tmp_path: Path) -> None:
    account = plain.command(write(tmp_path / "drive.json", drive(3.0, 0.0, degrees=True)), None, True)
    assert account["origin"] == pytest.approx([LON, LAT], abs=1e-6)
    frame = account["frames"][-1]
    (track,) = frame["tracks"]
    east_m = (track["lon"] - LON) * METRES_A_DEGREE * math.cos(math.radians(LAT))
    assert east_m == pytest.approx((frame["t_us"] - T0) / 1e5, abs=0.2) and track["lat"] == pytest.approx(LAT, abs=1e-6)


def test_out_has_a_frame_a_line_and_the_screen_only_the_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out_file = tmp_path / "tracks.jsonl"
    code, out, _ = run(capsys, str(write(tmp_path / "drive.json", drive(2.0))), "--out", str(out_file))
    account = json.loads(out)
    frames = [json.loads(line) for line in out_file.read_text().splitlines()]
    assert code == 0 and "frames" not in account and len(frames) == account["frame_count"]
    instants = [frame["t_us"] for frame in frames]
    assert instants == list(range(instants[0], instants[-1] + 1, 100_000))
    assert {"id", "x_m", "y_m", "speed_mps", "existence"} <= frames[-1]["tracks"][0].keys()


BAD: list[tuple[Any, str]] = [
    ({"t_us": "noon"}, "t_us: 'noon' is no whole number"),
    ({"t_us": None}, "t_us: 'None' is no whole number"),
    ({"t_us": -5}, "t_us: -5 is not within"),
    ({"source": ""}, "source: '' is no name"),
    ({"source": 7}, "source: 7 is no name"),
    ({"by": "magic"}, "by: 'magic' is neither"),
    ({"kind": "tank"}, "kind: 'tank' is none of"),
    ({"class": 900}, "class: 900 is not within 0 to 255"),
    ({"speed_mps": "fast"}, "speed_mps: 'fast' is no number"),
    ({"speed_mps": 1e9}, "speed_mps: 1000000000.0 is not within 0 to 150"),
    ({"speed_mps": True}, "speed_mps: 'True' is no number"),
    ({"heading_deg": float("nan")}, "heading_deg: nan is not within"),
    ({"x_m": None}, "x_m: is missing"),
    ({"x_m": 10**400}, "x_m: 1000"),
    ({"lon": 116.0, "lat": 39.0}, "place: the file's first sighting states its place in the other form"),
    ({"object": [1]}, "object: '[1]' is no number or name"),
    ({"receive_us": T0 + 90_000_000_000}, "receive_us: over a day from t_us"),
]


def test_a_bad_sighting_is_named_by_place_field_and_reason_and_costs_no_other(tmp_path: Path) -> None:
    told = drive(2.0)
    clean = plain.command(write(tmp_path / "clean.json", told), None, True)
    bad = [told[3] | change for change, _ in BAD] + ["a word", None, 5]
    account = plain.command(write(tmp_path / "bad.json", told[:10] + bad + told[10:]), None, True)
    assert account["refused"] == len(bad) and account["frames"] == clean["frames"]
    for (_, reason), told_of, number in zip(BAD, account["reasons"], range(11, 999), strict=False):
        assert told_of["where"] == f"element {number}" and told_of["reason"].startswith(reason)
    assert account["reasons"][-1]["reason"] == "is no object but int"
    lines = tmp_path / "bad.jsonl"
    lines.write_text("\n".join([json.dumps(one) for one in told[:10]] + ["{broken", "[" * 100_000, "9" * 70_000]))
    account = plain.command(lines, None, False)
    assert [one["where"] for one in account["reasons"]] == ["line 11", "line 12", "line 13"]
    assert account["refused"] == 3 and account["sightings"] == 10


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "is empty"), ("[{]", "Expecting"), ("[]", "is empty"), ("[1, 2]", "element 1: is no object but int"),
     ('{"sightings": []}', "is empty"), ("\x00\x01", "line 1: "), ("[" * 200_000, "recursion")],
)  # fmt: skip
def test_a_file_without_a_sighting_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, reason: str
) -> None:
    path = tmp_path / "nothing.json"
    path.write_text(content)
    code, out, err = run(capsys, str(path), "--json")
    assert (code, out) == (2, "") and str(path) in err and reason in err


def test_files_that_are_not_there_or_cannot_be_written_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, no_folder = tmp_path / "missing.json", tmp_path / "nowhere" / "out.jsonl"
    code, _, err = run(capsys, str(missing))
    assert code == 2 and f"{missing}: No such file" in err
    code, _, err = run(capsys, str(write(tmp_path / "drive.json", drive(0.5))), "--out", str(no_folder))
    assert code == 2 and str(no_folder) in err


def test_a_long_silence_is_leapt_over_and_ends_every_track(tmp_path: Path) -> None:
    told = drive(2.0)
    later = [
        one | {"t_us": one["t_us"] + 3_600_000_000, "receive_us": one["receive_us"] + 3_600_000_000} for one in told
    ]
    account = plain.command(write(tmp_path / "two.json", told + later), None, True)
    assert account["tracks"] == 2 and account["frame_count"] < 100
