"""``jinyun message`` as a user of pipes meets it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jinyun.cli import main
from tests.conftest import shared
from tests.running import command

# SPAT of 17 octets, made by three independent codecs (vectors-minimal.json)
SPAT = "3002008000800082000008230000000258"
BSM = "00002000000000000000000018e7481815588dc7e338883e87081f41f41fdfffc00b41e04290"


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["message", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_decode_lays_a_message_out_with_units_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "decode", BSM, "--lang", "both")
    assert code == 0
    assert "10.00 m/s" in out and "速度" in out and "29.5" in out


def test_json_goes_out_and_comes_back_to_the_same_octets(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for text in (SPAT, BSM):
        _, form, _ = run(capsys, "decode", text, "--json")
        (tmp_path / "m.json").write_text(form)
        code, again, _ = run(capsys, "encode", str(tmp_path / "m.json"))
        assert (code, again.strip()) == (0, text)


def test_a_stream_is_answered_line_by_line_and_a_bad_line_costs_itself() -> None:
    done = subprocess.run(
        command("message", "decode", "-", "--json"),
        input=f"{BSM}\n{SPAT[:-2]}\n{SPAT}\n",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert [next(iter(json.loads(line))) for line in done.stdout.splitlines()] == ["bsmFrame", "spatFrame"]
    assert done.stderr.startswith("refused: spatFrame")


def test_differences_are_named_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "diff", BSM, BSM, "--json")
    assert (code, json.loads(out)) == (0, [])
    _, form, _ = run(capsys, "decode", BSM, "--json")
    value = json.loads(form)
    value["bsmFrame"]["speed"] = 77
    _, other, _ = run(capsys, "encode", json.dumps(value))
    code, out, _ = run(capsys, "diff", BSM, other.strip(), "--json")
    assert code == 1 and [row["field"].rsplit(".", 1)[-1] for row in json.loads(out)] == ["speed"]


@pytest.mark.parametrize("name", ["stage1", "stage2", "minimal"])
def test_every_published_vector_is_exact(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = run(capsys, "check", str(shared(f"csae/vectors-{name}.json")), "--json")
    found = json.loads(out)
    assert code == 0 and found["frames"] == found["exact"] > 5 and found["refused"] == 0


def test_the_captured_rsi_is_refused_under_the_other_dialect(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", str(shared("csae/vectors-stage1.json")), "--dialect", "B", "--json")
    assert code == 1
    assert {row["message"] for row in json.loads(out)["reasons"]} >= {"rsu_gw_RSI", "rsu_gw_MAP"}


@pytest.mark.parametrize("args", [("decode", "zz"), ("check", "missing.json"), ("encode", "{"), ("diff", "00", "zz")])
def test_what_is_no_message_is_said_in_one_line(capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    code, _, err = run(capsys, *args)
    assert code == 2 and err.startswith("jinyun message: ") and len(err.strip().splitlines()) == 1
