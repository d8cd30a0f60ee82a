"""The sizing model: it says for the measured case what was measured, never fewer machines for more, and what pages state."""

from __future__ import annotations

import argparse
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jinyun import bench as measurements
from jinyun.cli import bench, main
from jinyun.cloud.engine import sizing
from tests.conftest import ROOT

DOCS = ROOT / "docs"


def test_the_case_that_was_measured_costs_what_was_measured() -> None:
    its = sizing.size(4000, 10.0, 2)
    assert its.messages_per_s == 40_000
    assert its.broker_cores == pytest.approx(0.16) and its.applications_cores == pytest.approx(0.40)
    assert its.decoding_cores + its.fusion_cores == pytest.approx(0.46)
    assert its.fusion_cores == pytest.approx(4 / 5 * 0.0175 * 10)  # four fifths of a frame of 5,000, ten times a second


def test_a_hundred_thousand_vehicles_by_hand() -> None:
    its = sizing.size(100_000, 10.0, 8)
    # 1,000,000 messages/s at 4 us (broker) and 8 us (decoding); 100,000 participants at 35 us and 100 us a second
    assert its.cores == pytest.approx(4.0 + 8.0 + 3.5 + 10.0)
    assert its.zones == 50  # of 2,000 vehicles each
    # a machine of 8 cores is filled to 63.5 %: 5.08 cores, nine zones of 0.51; six machines hold 50 zones, one stands by
    assert its.machines == 6 + 1


@given(
    st.integers(1, 2_000_000), st.integers(0, 100_000), st.floats(0.01, 10), st.floats(0.01, 10), st.integers(2, 128)
)
def test_more_vehicles_or_messages_never_take_less(few: int, more: int, slow: float, quick: float, cores: int) -> None:
    slow, quick = sorted((slow, quick))
    less, much = sizing.size(few, slow, cores), sizing.size(few + more, quick, cores)
    for name in ("zones", "cores", "memory_gb", "machines", "messages_per_s"):
        assert getattr(less, name) <= getattr(much, name)
    assert sizing.size(few, slow, cores * 2).machines <= less.machines


@given(st.integers(1, 2_000_000), st.floats(0.01, 10), st.integers(2, 128))
def test_no_zone_holds_more_than_its_share_and_no_machine_is_busier_than_the_measured_one(
    vehicles: int, hz: float, cores: int
) -> None:
    its = sizing.size(vehicles, hz, cores)
    assert its.vehicles / its.zones <= 2000 and its.messages_per_s / its.zones <= 20_000
    spare = -(-its.machines // (sizing.SPARE + 1))
    assert its.cores <= (its.machines - spare) * cores * sizing.busy_share() + 1e-9


@pytest.mark.parametrize(
    ("vehicles", "hz", "cores"), [(0, 10, 8), (10**9, 10, 8), (10, 0, 8), (10, 11, 8), (10, 10, 1)]
)
def test_what_makes_no_sense_is_refused(vehicles: int, hz: float, cores: int) -> None:
    with pytest.raises(ValueError, match=r"is no (number|rate)"):
        sizing.size(vehicles, hz, cores)


def test_every_figure_has_a_command_that_exists_and_stands_on_its_page() -> None:
    grammar = argparse.ArgumentParser()
    bench.add(grammar.add_subparsers(dest="verb"))
    for its in sizing.MEASURED.values():
        assert its.command.startswith("jinyun bench ")
        assert grammar.parse_args(its.command.split()[1:]).name in measurements.names()
        number = f"{its.value:,.2f}" if its.value < 1 else f"{its.value:,g}"
        page = (DOCS / its.page).read_text()
        assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d])", page), (
            f"{its.page} does not say {number}: {its.what}"
        )


def test_the_page_states_what_the_model_says() -> None:
    assert sizing.table() in (DOCS / "deploy.md").read_text()


def test_the_command_tells_people_and_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cluster", "size", "--vehicles", "10000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (
        told["zones"] == 5 and told["machines"] == 2 and told["assumed"] and told["measured"]["cloud_cores"]["command"]
    )
    assert main(["cluster", "size", "--vehicles", "10000"]) == 0
    said = capsys.readouterr().out
    assert "on paper" in said and all(text in said for text in sizing.ASSUMED)
    assert main(["cluster", "size", "--vehicles", "0"]) == 2
    assert "no number of vehicles" in capsys.readouterr().err
