"""Cases played on other machines come back as they are played here."""

from __future__ import annotations

from pathlib import Path

import pytest

from jinyun.trial import runner
from jinyun.trial.catalogue.items import FOLDER, load
from jinyun.trial.fault import TrialError
from jinyun.trial.spreading import away, bring_back


def test_files_of_another_machine_are_written_as_they_were_and_nowhere_else(tmp_path: Path) -> None:
    def work(folder: Path) -> int:
        (folder / "item").mkdir()
        (folder / "item" / "case.json").write_text("{}")
        (folder / "item" / "case.jyc").write_bytes(b"rows")
        return 1

    count, files = away(work)
    assert count == 1
    bring_back(files, tmp_path / "run")
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == {
        "run/item/case.json", "run/item/case.jyc",
    }  # fmt: skip
    with pytest.raises(TrialError, match="outside the run"):
        bring_back({"../elsewhere": b""}, tmp_path / "run")
    assert not (tmp_path / "elsewhere").exists()


def test_machines_that_are_not_there_are_told_in_one_line(tmp_path: Path) -> None:
    plan = runner.Plan("reference", (next(iter(load(FOLDER))),))
    with pytest.raises(TrialError, match="Ray cluster at"):
        runner.run(plan, tmp_path, ray="127.0.0.1:1")


@pytest.mark.long
def test_a_run_on_two_machines_has_the_digest_of_a_run_here(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'jinyun[ray]'")
    from ray.cluster_utils import Cluster  # type: ignore[import-not-found,unused-ignore]

    plan = runner.Plan("reference", tuple(list(load(FOLDER))[:3]))
    here = runner.run(plan, tmp_path / "here", jobs=1)
    machines = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    machines.add_node(num_cpus=1)
    try:
        there = runner.run(plan, tmp_path / "there", ray=machines.address)
    finally:
        machines.shutdown()
    assert there["cases"] == here["cases"] > 3
    assert there["deterministic_digest"] == here["deterministic_digest"]
