"""From a run to a verdict, a certificate and its seal."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jinyun.trial import record, runner
from jinyun.trial.catalogue.items import load, selected
from jinyun.trial.driver.interface import Command, Mission, Observation
from jinyun.trial.fault import TrialError
from jinyun.trial.verdict import item as verdicts
from jinyun.trial.verdict.admitting import admit
from jinyun.trial.verdict.comparing import compare
from jinyun.trial.verdict.ledger import Ledger, later, stages
from jinyun.trial.verdict.sealing import seal, verify
from jinyun.trial.verdict.standalone import signed
from tests.conftest import wait_for
from tests.trial.support import limits

ITEM = "gbt41798-6.7.1"


class Raising:
    """A driver of somebody else's that fails."""

    name, version = "raising", "0"

    def begin(self, mission: Mission) -> None: ...

    def drive(self, observation: Observation) -> Command:
        raise RuntimeError("lost")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "reference"
    runner.run(runner.Plan("reference", (ITEM,)), folder, jobs=1)
    return folder


def test_a_run_counts_its_cases_and_goes_on_where_it_was_broken_off(finished: Path, tmp_path: Path) -> None:
    summary = record.get(finished / "summary.json")
    assert (summary["cases"], summary["passed"], summary["failed"], summary["invalid"]) == (8, 8, 0, 0)
    again = tmp_path / "again"
    shutil.copytree(finished, again)
    gone = [again / f"cases/{ITEM}/00{k}.json" for k in (2, 5)]
    for path in gone:
        path.unlink()
    resumed = runner.run(runner.Plan("reference", (ITEM,)), again, jobs=1)
    assert all(path.exists() for path in gone)
    assert resumed["deterministic_digest"] == summary["deterministic_digest"]


@pytest.mark.integration
def test_a_run_that_is_ended_from_outside_leaves_no_process_behind(tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("jinyun")),
        "trial",
        "run",
        "gbt41798",
        "--jobs",
        "2",
        "--out",
        str(tmp_path),
    ]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: any(tmp_path.glob("cases/*/*.json")), 120, "a case is done")
        left = psutil.Process(run.pid).children(recursive=True)
        assert len(left) >= 2
    finally:
        run.terminate()
        run.wait(30)
    assert not psutil.wait_procs(left, 60)[1]


def test_a_folder_of_another_run_is_not_run_into(finished: Path) -> None:
    with pytest.raises(TrialError, match="driver"):
        runner.run(runner.Plan("without_release", (ITEM,)), finished, jobs=1)


def test_a_driver_that_fails_makes_its_cases_invalid_and_says_why(tmp_path: Path) -> None:
    plan = runner.Plan("tests.trial.test_verdicts:Raising", (ITEM,))
    summary = runner.run(plan, tmp_path / "run", jobs=1)
    assert summary["invalid"] == summary["cases"] == 8
    assert "lost" in next(record.results(tmp_path / "run"))["error"]


def test_two_builds_are_compared_by_the_verdicts_that_changed(finished: Path, tmp_path: Path) -> None:
    worse = tmp_path / "worse"
    runner.run(runner.Plan("without_release", (ITEM,)), worse, jobs=1)
    told = compare(finished, worse)
    assert told["worse"] == len(told["changed"]) == 8
    assert told["repeat"] == [ITEM]
    assert told["changed"][0]["replay"] == {"before": f"reference/{ITEM}/000", "after": f"worse/{ITEM}/000"}
    assert compare(finished, finished)["changed"] == []


def test_n_of_m_decides_and_an_invalid_case_never_passes() -> None:
    item = selected(load(), [ITEM])[0]
    fine = [{"case": f"{ITEM}/{k:03d}", "outcome": "pass", "rules": []} for k in range(8)]
    assert verdicts.verdict(item, fine)["outcome"] == "pass"
    assert verdicts.verdict(item, [*fine[:7], {**fine[7], "outcome": "fail"}])["outcome"] == "fail"
    assert verdicts.verdict(item, [*fine[:7], {**fine[7], "outcome": "invalid"}])["outcome"] == "invalid"
    assert verdicts.verdict(item, fine[:7])["outcome"] == "invalid"
    loose = type(item)(item.sheet, item.form.model_copy(update={"need": 0.8}), item.scenario)
    assert verdicts.verdict(loose, [*fine[:7], {**fine[7], "outcome": "fail"}])["outcome"] == "pass"


LEDGER = """
[vehicle]
vin = "LTEST000000000001"
maker = "Maker"
model = "Model"
software = "1.0"
"""


def test_a_certificate_verifies_by_itself_and_one_changed_row_breaks_it(finished: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.toml"
    ledger.write_text(LEDGER)
    told = admit(finished, ledger, tmp_path / "certificate", tmp_path / "key")
    folder = Path(told["folder"])
    assert verify(folder)["good"]
    script = [sys.executable, "-I", str(folder / "verify.py")]
    assert subprocess.run(script, capture_output=True, timeout=60).returncode == 0
    assert "LTEST000000000001" in (folder / "zh.html").read_text(encoding="utf-8")
    assert (folder / "certificate.pdf").read_bytes().startswith(b"%PDF")
    rows = folder / f"evidence/cases/{ITEM}/003.parquet"
    table = pq.read_table(rows)
    columns = {name: table[name].to_pylist() for name in table.column_names}
    columns["v_mps"][7] += 0.001
    pq.write_table(type(table).from_pydict(columns, schema=table.schema), rows)
    assert verify(folder)["faults"] == [f"evidence/cases/{ITEM}/003.parquet: was changed"]
    broken = subprocess.run(script, capture_output=True, timeout=60, text=True)
    assert broken.returncode == 1
    assert f"evidence/cases/{ITEM}/003.parquet: was changed" in broken.stdout


def test_a_manifest_that_was_changed_is_not_what_was_signed(tmp_path: Path) -> None:
    (tmp_path / "row").write_text("1")
    seal(tmp_path, Ed25519PrivateKey.generate(), {})
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["what"] = "another"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert verify(tmp_path)["faults"] == ["manifest.json: is not what was signed"]


def test_the_standalone_signature_check_agrees_with_cryptography() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    for message in (b"", b"a", b"x" * 1000):
        signature = key.sign(message)
        assert signed(public, message, signature)
        assert not signed(public, message + b"!", signature)
        assert not signed(public, message, signature[:-1] + bytes([signature[-1] ^ 1]))


def ledger(**more: object) -> Ledger:
    papers = {
        "insurance_cny": 5_000_000,
        "insurance_until": "2027-12-31",
        "declared_on": "2026-01-01",
        "declared_until": "2027-06-30",
    }
    vehicle = {"vin": "V", "maker": "M", "model": "T", "software": "1"}
    return Ledger.model_validate({"vehicle": vehicle, "papers": papers, **more})


def met(of: Ledger, day: dt.date = dt.date(2026, 11, 30)) -> list[bool]:
    return [stage["met"] for stage in stages(of, [{"id": "x", "outcome": "pass"}], limits(), day)]


def test_stages_follow_one_another_by_hours_or_kilometres_and_a_clean_record() -> None:
    passengers = {"insurance_cny": 5e6, "insurance_until": "2027-12-31", "declared_on": "2026-01-01",
                  "declared_until": "2027-06-30", "passenger_insurance": True}  # fmt: skip
    short = {"day": "2026-05-01", "hours": 239.9, "km": 999.9}
    enough = {"day": "2026-05-01", "hours": 10, "km": 1000}
    fault = {"day": "2026-05-02", "kind": "accident", "at_fault": True}
    assert met(ledger()) == [True, True, False, False]
    assert met(ledger(papers=passengers, drives=[short])) == [True, True, False, False]
    assert met(ledger(papers=passengers, drives=[enough])) == [True, True, True, False]
    assert met(ledger(papers=passengers, drives=[enough], incidents=[fault])) == [True, True, False, False]
    assert met(ledger(papers=passengers, drives=[enough], incidents=[{**fault, "at_fault": False}])) == [
        True,
        True,
        True,
        False,
    ]


def test_papers_that_ran_out_or_last_too_long_do_not_count() -> None:
    assert met(ledger(), dt.date(2027, 7, 1)) == [True, False, False, False]
    long = {
        "insurance_cny": 5e6,
        "insurance_until": "2028-12-31",
        "declared_on": "2026-01-01",
        "declared_until": "2027-07-02",
    }
    assert met(ledger(papers=long))[1] is False
    assert later(dt.date(2026, 8, 31), 6) == dt.date(2027, 2, 28)
