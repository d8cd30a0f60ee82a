"""Compiled kernels that are kept: loaded again when nothing changed, compiled again when a source they took from did."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ASK = """
import jinyun
from streets.caller import far
print(far(2.0), sum(far.stats.cache_hits.values()), sum(far.stats.cache_misses.values()))
"""
CALLER = """
import math
import sys
from numba import njit
from streets import numbers
from streets.callee import near
from streets.numbers import STEP

@njit(cache=True)
def far(x):
    return 10.0 * near(x) + STEP + numbers.MORE
"""
CALLEE = """
from numba import njit
from streets.deep import deeper

@njit(cache=True)
def near(x):
    return deeper(x) + 1.0
"""
DEEP = """
from numba import njit

@njit(cache=True)
def deeper(x):
    return x
"""


def asked(folder: Path, **more: str) -> list[float]:
    """Return [value, kernels loaded, kernels compiled] as a process of its own finds them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **more}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [float(word) for word in done.stdout.split()]


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    package = tmp_path / "streets"
    package.mkdir()
    sources = {"__init__": "", "caller": CALLER, "callee": CALLEE, "deep": DEEP, "numbers": "STEP, MORE = 0.0, 0.0\n"}
    for name, text in sources.items():
        (package / f"{name}.py").write_text(text)
    return package


def test_a_kernel_is_compiled_again_when_what_it_took_from_another_file_changed(streets: Path) -> None:
    folder = streets.parent
    assert asked(folder) == [30.0, 0.0, 1.0]
    assert asked(folder) == [30.0, 1.0, 0.0]  # kept
    (streets / "deep.py").write_text(DEEP.replace("return x", "return x + 4.0"))
    assert asked(folder) == [70.0, 0.0, 1.0]  # a function that is two files away
    (streets / "numbers.py").write_text("STEP, MORE = 3.0, 0.0\n")
    assert asked(folder) == [73.0, 0.0, 1.0]  # a number taken by its name
    (streets / "numbers.py").write_text("STEP, MORE = 3.0, 0.5\n")
    assert asked(folder) == [73.5, 0.0, 1.0]  # one of a module
    assert asked(folder) == [73.5, 1.0, 0.0]


def test_without_it_numba_goes_on_with_what_was(streets: Path) -> None:
    usual = {"NUMBA_CACHE_LOCATOR_CLASSES": "InTreeCacheLocator"}
    assert asked(streets.parent, **usual)[0] == 30.0
    (streets / "deep.py").write_text(DEEP.replace("return x", "return x + 4.0"))
    assert asked(streets.parent, **usual)[0] == 30.0  # wrong: if this fails, jinyun.kernels is needed no more
