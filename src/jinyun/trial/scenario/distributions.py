"""Distribution files of OpenSCENARIO (``ParameterValueDistribution``): one scenario with many values of its parameters.

Deterministic: every combination of sets, ranges and value sets, the last written changing fastest. Stochastic: as many draws
as the file asks for, each parameter by itself; the same file gives the same draws, which are those of NumPy's generator and
not another player's. The expected value and variance of a log-normal distribution are taken as its own, not its logarithm's.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from jinyun.trial.fault import TrialError, Unsupported
from jinyun.trial.scenario.catalogs import parse
from jinyun.trial.scenario.node import Node, Reading

MOST = 100_000
Values = dict[str, str]
Draw = Callable[[float], str]
"""Returns the value of a parameter below which a share of its distribution lies."""


@dataclass(frozen=True)
class Distribution:
    """A distribution file: the scenario it is over, and the parameters of each variation of it."""

    source: str
    scenario: Path
    kind: str
    """``deterministic`` or ``stochastic``."""
    variations: tuple[Values, ...]
    notes: tuple[str, ...]


def read(path: Path) -> Distribution | None:
    """Return a distribution file, None where the file is a scenario itself; raises :class:`TrialError`.

    What is not read of it raises :class:`Unsupported`, which names every such element at once.
    """
    root = parse(path)
    element = root.find("ParameterValueDistribution")
    if root.tag != "OpenSCENARIO" or element is None:
        return None
    reading = Reading(path.name)
    head = Node(root, reading, {})
    for key in root.attrib:
        reading.keys.add((root, str(key)))
    if (header := head.maybe("FileHeader")) is not None:
        header.leave("tells about the file")
    node = Node(element, reading, {})
    scenario = path.parent / node.one("ScenarioFile").text("filepath")
    fixed, random = node.maybe("Deterministic"), node.maybe("Stochastic")
    if (fixed is None) == (random is None):
        raise node.fault("has neither or both of Deterministic and Stochastic")
    axes = [] if fixed is None else [_axis(child) for child in fixed.children()]
    draws = [] if random is None else [_draw(item) for item in random.all("StochasticDistribution")]
    reading.leftovers(root)
    if reading.refused:
        raise Unsupported(path.name, reading.refused)
    if not scenario.is_file():
        raise TrialError(f"{path.name}: ParameterValueDistribution/ScenarioFile: no file {scenario.name!r}")
    if random is not None:
        made, kind = _drawn(random, draws, path.name), "stochastic"
    else:
        made, kind = _combined(node, axes), "deterministic"
    return Distribution(
        path.name, scenario, kind, made, tuple(note for note in reading.notes if "FileHeader" not in note)
    )


def _once(node: Node, names: list[str]) -> None:
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise node.fault(f"parameter {', '.join(doubled)} comes twice")


# -- deterministic -----------------------------------------------------------------------------------------------------


def _axis(node: Node) -> list[Values]:
    """Return the values that one deterministic distribution goes through."""
    if node.tag == "DeterministicMultiParameterDistribution":
        sets = []
        for item in node.one("ValueSetDistribution").all("ParameterValueSet"):
            pairs = [
                (one.text("parameterRef").lstrip("$"), one.text("value")) for one in item.all("ParameterAssignment")
            ]
            _once(item, [name for name, _ in pairs])
            sets.append(dict(pairs))
        return sets
    if node.tag != "DeterministicSingleParameterDistribution":
        return [{}]  # it is nobody's and is named among the leftovers
    name, of = node.text("parameterName").lstrip("$"), node.only()
    if of.tag == "DistributionSet":
        return [{name: one.text("value")} for one in of.all("Element")]
    if of.tag == "DistributionRange":
        low, high = _range(of)
        step = of.number("stepWidth")
        if not step > 0 or not math.isfinite(high - low):
            raise of.fault(f"stepWidth is {step:g} from {low:g} to {high:g}")
        count = math.floor((high - low) / step + 1e-9) + 1
        if count > MOST:
            raise of.fault(f"has {count} values; at most {MOST}")
        return [{name: _told(low + k * step)} for k in range(count)]
    of.refuse("this deterministic distribution")
    return [{}]


def _combined(node: Node, axes: list[list[Values]]) -> tuple[Values, ...]:
    size = math.prod(len(axis) for axis in axes)
    if size > MOST:
        raise node.fault(f"{size} variations; at most {MOST}")
    _once(node, [name for axis in axes for name in {key for values in axis for key in values}])
    return tuple({key: value for values in row for key, value in values.items()} for row in itertools.product(*axes))


# -- stochastic --------------------------------------------------------------------------------------------------------


def _draw(node: Node) -> tuple[str, Draw]:
    """Return a parameter and how it is drawn."""
    name, of = node.text("parameterName").lstrip("$"), node.only()
    if of.tag not in _KINDS:
        of.refuse("this stochastic distribution")
        return name, lambda share: ""
    return name, _KINDS[of.tag](of)


def _drawn(node: Node, draws: list[tuple[str, Draw]], source: str) -> tuple[Values, ...]:
    count = node.whole("numberOfTestRuns")
    if not 0 <= count <= MOST:
        raise node.fault(f"numberOfTestRuns is {count}; at most {MOST}")
    _once(node, [name for name, _ in draws])
    seed = node.number("randomSeed", 0.0) if node.has("randomSeed") else None
    told = source if seed is None else repr(seed)
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(told.encode()).digest()[:8], "big"))
    shares = random.random((count, len(draws)))
    return tuple({name: draw(float(share)) for (name, draw), share in zip(draws, row, strict=True)} for row in shares)


def _range(node: Node) -> tuple[float, float]:
    """Return the ends of an element's range, infinite where it has none."""
    of = node.maybe("Range")
    if of is None:
        return -math.inf, math.inf
    low, high = of.number("lowerLimit"), of.number("upperLimit")
    if not low <= high:
        raise of.fault(f"is from {low:g} to {high:g}")
    return low, high


def _told(value: float) -> str:
    """Return a number as scenarios write it, whole where it is whole."""
    value = round(value, 9)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _moments(node: Node) -> tuple[float, float]:
    mean, variance = node.number("expectedValue"), node.number("variance")
    if not (math.isfinite(mean) and variance > 0):
        raise node.fault(f"expectedValue is {mean:g}, variance {variance:g}")
    return mean, variance


def _uniform(node: Node) -> Draw:
    low, high = _range(node)
    if not math.isfinite(high - low):
        raise node.fault("has no bounded Range")
    return lambda share: _told(low + share * (high - low))


def _cut(node: Node, of: stats.rv_continuous) -> Draw:
    """Return draws of a distribution that is cut to the element's range."""
    low, high = _range(node)
    a, b = float(of.cdf(low)), float(of.cdf(high))
    if not b > a:
        raise node.fault(f"nothing of it lies from {low:g} to {high:g}")
    return lambda share: _told(float(min(max(of.ppf(a + share * (b - a)), low), high)))


def _normal(node: Node) -> Draw:
    mean, variance = _moments(node)
    return _cut(node, stats.norm(mean, math.sqrt(variance)))


def _lognormal(node: Node) -> Draw:
    mean, variance = _moments(node)
    if mean <= 0:
        raise node.fault(f"expectedValue is {mean:g}: a log-normal value is positive")
    scale = math.sqrt(math.log(1 + variance / mean**2))
    return _cut(node, stats.lognorm(scale, scale=mean / math.exp(scale * scale / 2)))


def _poisson(node: Node) -> Draw:
    mean = node.number("expectedValue")
    if not 0 < mean < 1e6:
        raise node.fault(f"expectedValue is {mean:g}")
    low, high = _range(node)
    of = stats.poisson(mean)
    a = float(of.cdf(math.ceil(low) - 1)) if math.isfinite(low) else 0.0
    b = float(of.cdf(math.floor(high))) if math.isfinite(high) else 1.0
    if not b > a:
        raise node.fault(f"nothing of it lies from {low:g} to {high:g}")
    return lambda share: _told(float(of.ppf(min(a + share * (b - a), 1 - 1e-12))))


def _weighted(node: Node, parts: list[tuple[float, Draw]]) -> Draw:
    """Return draws of parts by their weights."""
    weights = [weight for weight, _ in parts]
    if not parts or min(weights) < 0 or not 0 < sum(weights) < math.inf:
        raise node.fault("its weights are no shares")
    ends = np.cumsum(weights) / sum(weights)

    def draw(share: float) -> str:
        k = min(int(np.searchsorted(ends, share, "right")), len(parts) - 1)
        begin = float(ends[k - 1]) if k else 0.0
        return parts[k][1]((share - begin) / max(float(ends[k]) - begin, 1e-12))

    return draw


def _set(node: Node) -> Draw:
    def fixed(value: str) -> Draw:
        return lambda share: value

    return _weighted(node, [(one.number("weight"), fixed(one.text("value"))) for one in node.all("Element")])


def _histogram(node: Node) -> Draw:
    return _weighted(node, [(one.number("weight"), _uniform(one)) for one in node.all("Bin")])


_KINDS: dict[str, Callable[[Node], Draw]] = {
    "ProbabilityDistributionSet": _set, "NormalDistribution": _normal, "LogNormalDistribution": _lognormal,
    "UniformDistribution": _uniform, "PoissonDistribution": _poisson, "Histogram": _histogram,
}  # fmt: skip
