"""Logical to concrete: ranges and distributions of parameters, by grid, Latin hypercube, or a search for failure's edge."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import model_validator
from scipy import stats

from jinyun.trial.fault import TrialError
from jinyun.trial.scenario.written import Form

MOST = 100_000


class Spread(Form):
    """How a parameter is spread: evenly, normally (cut to the range) or log-normally between two numbers."""

    low: float
    high: float
    steps: int = 5
    kind: Literal["uniform", "normal", "lognormal"] = "uniform"
    mean: float | None = None
    sd: float | None = None

    @model_validator(mode="after")
    def _sane(self) -> Spread:
        if not self.high >= self.low or self.steps < 1:
            raise ValueError("low must not exceed high, and steps be at least 1")
        if self.kind != "uniform" and (self.mean is None or self.sd is None or self.sd <= 0):
            raise ValueError(f"a {self.kind} spread has mean and sd")
        if self.kind == "lognormal" and (self.low < 0 or self.mean is None or self.mean <= 0):
            raise ValueError("a lognormal spread is of positive numbers")
        return self

    def grid(self) -> list[float]:
        """Return evenly spaced values, both ends among them."""
        if self.steps == 1:
            return [(self.low + self.high) / 2]
        return [self.low + (self.high - self.low) * k / (self.steps - 1) for k in range(self.steps)]

    def quantile(self, share: float) -> float:
        """Return the value below which a share of the distribution lies, cut to the range."""
        if self.kind == "uniform":
            return self.low + (self.high - self.low) * share
        assert self.mean is not None and self.sd is not None
        if self.kind == "normal":
            of = stats.truncnorm(
                (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd, self.mean, self.sd
            )
            return float(of.ppf(share))
        scale = math.sqrt(math.log(1 + (self.sd / self.mean) ** 2))
        log = stats.lognorm(scale, scale=self.mean / math.exp(scale * scale / 2))
        a, b = log.cdf(self.low), log.cdf(self.high)
        return float(log.ppf(a + (b - a) * share))


Vary = Mapping[str, "Spread | list[float]"]


def concrete(vary: Vary, sample: str, count: int, name: str) -> list[dict[str, float]]:
    """Return the concrete parameter values of a logical scenario; the same arguments give the same values."""
    if not vary:
        return [{}]
    if sample == "latin":
        return latin(vary, count, name)
    columns = {key: spread.grid() if isinstance(spread, Spread) else list(spread) for key, spread in vary.items()}
    size = math.prod(len(column) for column in columns.values())
    if size > MOST:
        raise TrialError(f"{name}: a grid of {size} cases; at most {MOST}")
    return [dict(zip(columns, row, strict=True)) for row in itertools.product(*columns.values())]


def latin(vary: Vary, count: int, name: str) -> list[dict[str, float]]:
    """Return a Latin hypercube of ``count`` points (M. McKay et al., Technometrics 21, 1979), seeded by ``name``."""
    if not 1 <= count <= MOST:
        raise TrialError(f"{name}: count is {count}; from 1 to {MOST}")
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    columns: dict[str, list[float]] = {}
    for key, spread in vary.items():
        shares = (random.permutation(count) + random.random(count)) / count
        if isinstance(spread, Spread):
            columns[key] = [round(spread.quantile(float(share)), 6) for share in shares]
        else:
            columns[key] = [spread[min(int(share * len(spread)), len(spread) - 1)] for share in shares]
    return [{key: column[k] for key, column in columns.items()} for k in range(count)]


class Edge(NamedTuple):
    """Where failing turns into passing along one parameter, for one value of the others."""

    at: dict[str, float]
    fails: float
    passes: float
    tried: int


def boundary(
    passes: Callable[[dict[str, float]], bool],
    along: str,
    spread: Spread,
    others: Sequence[dict[str, float]],
    within: float,
) -> list[Edge]:
    """Search the edge of failure along a parameter by bisection, for each of the others' values.

    It looks at both ends first; where both pass or both fail there is no edge between them and ``fails`` or ``passes`` is NaN.
    """
    found = []
    for other in others:
        low, high = spread.low, spread.high
        first, last = passes({**other, along: low}), passes({**other, along: high})
        tried = 2
        if first == last:
            found.append(Edge(dict(other), math.nan if first else high, low if first else math.nan, tried))
            continue
        good, bad = (low, high) if first else (high, low)
        while abs(good - bad) > within:
            middle = (good + bad) / 2
            tried += 1
            if passes({**other, along: middle}):
                good = middle
            else:
                bad = middle
        found.append(Edge(dict(other), bad, good, tried))
    return found
