"""Distribution files of OpenSCENARIO: combinations, draws against their distributions' own moments, refusals by name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from jinyun.cli import main
from jinyun.trial.fault import TrialError, Unsupported
from jinyun.trial.scenario.distributions import Distribution, read
from tests.trial.support import event, group, headway, placed, scenario, speed_action, straight_road


def written(folder: Path, body: str) -> Path:
    (folder / "inner.xosc").write_text("<OpenSCENARIO/>", encoding="utf-8")
    path = folder / "spread.xosc"
    path.write_text(
        '<?xml version="1.0"?><OpenSCENARIO><FileHeader revMajor="1" revMinor="2" date="2026-01-01T00:00:00" description="" '
        f'author=""/><ParameterValueDistribution><ScenarioFile filepath="inner.xosc"/>{body}'
        "</ParameterValueDistribution></OpenSCENARIO>",
        encoding="utf-8",
    )
    return path


def made(folder: Path, body: str) -> Distribution:
    found = read(written(folder, body))
    assert found is not None
    return found


def drawn(folder: Path, kind: str, runs: int = 4000) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    body = f'<Stochastic numberOfTestRuns="{runs}" randomSeed="7"><StochasticDistribution parameterName="v">{kind}'
    found = made(folder, body + "</StochasticDistribution></Stochastic>")
    return np.array([float(values["v"]) for values in found.variations])


def single(name: str, inner: str) -> str:
    tag = "DeterministicSingleParameterDistribution"
    return f'<{tag} parameterName="{name}">{inner}</{tag}>'


def test_deterministic_distributions_are_every_combination_of_their_values(tmp_path: Path) -> None:
    speeds = single(
        "v", '<DistributionRange stepWidth="2.5"><Range lowerLimit="10" upperLimit="15"/></DistributionRange>'
    )
    kinds = single("kind", '<DistributionSet><Element value="car"/><Element value="bus"/></DistributionSet>')
    pairs = (
        "<DeterministicMultiParameterDistribution><ValueSetDistribution>"
        '<ParameterValueSet><ParameterAssignment parameterRef="a" value="1"/><ParameterAssignment parameterRef="b" value="2"/>'
        '</ParameterValueSet><ParameterValueSet><ParameterAssignment parameterRef="a" value="3"/>'
        '<ParameterAssignment parameterRef="b" value="4"/></ParameterValueSet></ValueSetDistribution>'
        "</DeterministicMultiParameterDistribution>"
    )
    found = made(tmp_path, f"<Deterministic>{speeds}{kinds}{pairs}</Deterministic>")
    assert found.kind == "deterministic"
    assert len(found.variations) == 3 * 2 * 2
    assert found.variations[0] == {"v": "10", "kind": "car", "a": "1", "b": "2"}
    assert found.variations[-1] == {"v": "15", "kind": "bus", "a": "3", "b": "4"}
    assert [values["v"] for values in found.variations[::4]] == ["10", "12.5", "15"]


@pytest.mark.parametrize(
    ("kind", "mean", "sd"),
    [
        ('<NormalDistribution expectedValue="20" variance="4"/>', 20, 2),
        ('<LogNormalDistribution expectedValue="20" variance="16"/>', 20, 4),
        ('<UniformDistribution><Range lowerLimit="10" upperLimit="22"/></UniformDistribution>', 16, 12 / 12**0.5),
        ('<PoissonDistribution expectedValue="6"/>', 6, 6**0.5),
        ('<Histogram><Bin weight="1"><Range lowerLimit="0" upperLimit="2"/></Bin><Bin weight="3"><Range lowerLimit="2" '
         'upperLimit="4"/></Bin></Histogram>', 2.5, (1 / 3 + 0.25 * 1.5**2 + 0.75 * 0.5**2) ** 0.5),
        ('<ProbabilityDistributionSet><Element value="1" weight="1"/><Element value="5" weight="3"/>'
         "</ProbabilityDistributionSet>", 4, 3**0.5),
    ],
)  # fmt: skip
def test_draws_have_the_moments_that_the_file_gives(tmp_path: Path, kind: str, mean: float, sd: float) -> None:
    values = drawn(tmp_path, kind)
    assert np.mean(values) == pytest.approx(mean, abs=4 * sd / 4000**0.5)
    assert np.std(values) == pytest.approx(sd, rel=0.08)
    assert values.tolist() == drawn(tmp_path, kind).tolist()


def test_draws_stay_in_the_range_that_the_file_gives(tmp_path: Path) -> None:
    for kind in ('<NormalDistribution expectedValue="20" variance="100">', '<PoissonDistribution expectedValue="20">'):
        name = re.findall(r"<(\w+)", kind)[0]
        values = drawn(tmp_path, f'{kind}<Range lowerLimit="18" upperLimit="21"/></{name}>', 500)
        assert values.min() >= 18
        assert values.max() <= 21


def test_another_seed_gives_other_draws(tmp_path: Path) -> None:
    body = (
        '<Stochastic numberOfTestRuns="5" randomSeed="{}"><StochasticDistribution parameterName="v"><UniformDistribution>'
        '<Range lowerLimit="0" upperLimit="1"/></UniformDistribution></StochasticDistribution></Stochastic>'
    )
    assert made(tmp_path, body.format(1)).variations != made(tmp_path, body.format(2)).variations


def test_what_somebody_defined_for_themselves_is_refused_by_name(tmp_path: Path) -> None:
    own = '<UserDefinedDistribution type="mine">x</UserDefinedDistribution>'
    with pytest.raises(Unsupported, match="UserDefinedDistribution: this deterministic distribution"):
        made(tmp_path, f"<Deterministic>{single('v', own)}</Deterministic>")
    body = '<Stochastic numberOfTestRuns="1"><StochasticDistribution parameterName="v">{}</StochasticDistribution></Stochastic>'
    with pytest.raises(Unsupported, match="UserDefinedDistribution: this stochastic distribution"):
        made(tmp_path, body.format(own))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "neither or both"),
        ("<Deterministic>" + single("v", '<DistributionRange stepWidth="0"><Range lowerLimit="0" upperLimit="1"/>'
         "</DistributionRange>") + "</Deterministic>", "stepWidth is 0"),
        ("<Deterministic>" + 2 * single("v", '<DistributionSet><Element value="1"/></DistributionSet>') + "</Deterministic>",
         "parameter v comes twice"),
        ('<Stochastic numberOfTestRuns="-1"/>', "numberOfTestRuns is -1"),
        ('<Stochastic numberOfTestRuns="1"><StochasticDistribution parameterName="v"><NormalDistribution expectedValue="0" '
         'variance="-1"/></StochasticDistribution></Stochastic>', "variance -1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_place(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(TrialError, match=said):
        made(tmp_path, body)


def test_a_distribution_over_a_scenario_is_checked_and_each_of_its_variations_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    straight_road(tmp_path)
    near = headway("Ego", "Other", 1.0, "none", "lessThan")
    inner = scenario(
        placed("Ego", -1, 100, 20) + placed("Other", -1, 50, 25),
        group("Other", event("Slow", speed_action('<AbsoluteTargetSpeed value="20"/>'), near)),
        parameters='<ParameterDeclaration name="v" parameterType="double" value="1"/>',
    )  # fmt: skip
    path = written(
        tmp_path,
        "<Deterministic>"
        + single("v", '<DistributionSet><Element value="1"/><Element value="2"/></DistributionSet>')
        + "</Deterministic>",
    )
    (tmp_path / "inner.xosc").write_bytes(inner)
    assert main(["trial", "check", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["variations"], told["distribution"]) == (2, "deterministic")
    assert main(["trial", "play", str(path), "--step", "0.1", "--seconds", "8", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["parameters"] for one in told["variations"]] == [{"v": "1"}, {"v": "2"}]
    assert all(one["ended"] == "time" for one in told["variations"])
