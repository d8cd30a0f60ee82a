"""Where compiled kernels are kept between runs, and when one is out of date: as soon as anything it was compiled from is.

Numba keeps a kernel beside its source and compiles it again when that file changes, but not when another file does of which
it took a function or a number: after an update it would go on with the old ones. The stamp made here holds those too: the
sources of all kernels that a module can call, wherever they are, and the numbers it has at hand.

Numba finds these classes by ``NUMBA_CACHE_LOCATOR_CLASSES``, which :mod:`jinyun` sets before anybody can import numba.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator
from numba.core.dispatcher import Dispatcher

NUMBERS = (int, float, complex, str, bytes, np.generic, np.dtype)
"""What a kernel takes for a constant, beside arrays and tuples of these."""


class _OfAllSources:
    """Makes the stamp of a function's cache that of all it may have been compiled from."""

    _stamp: str

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        """Return the place for a function, None where there can be none."""
        found = super().from_function(py_func, py_file)  # type: ignore[misc]
        if found is not None:
            found._stamp = stamp(py_func)
        return found

    def get_source_stamp(self) -> str:
        """Return what is compared with that of the kernel that is kept."""
        return self._stamp


class WhereTold(_OfAllSources, UserProvidedCacheLocator):
    """In ``NUMBA_CACHE_DIR``."""


class BesideSource(_OfAllSources, InTreeCacheLocator):
    """In ``__pycache__`` beside the source."""


class OfUser(_OfAllSources, UserWideCacheLocator):
    """In the user's own cache, where the source's folder cannot be written."""


def stamp(py_func: Callable[..., Any]) -> str:
    """Return the digest of the sources and numbers that a function may be compiled from, as far as its module is there."""
    digest, files = hashlib.sha256(), set[str]()
    _gather(py_func.__globals__, py_func.__module__.partition(".")[0], files, set(), digest.update)
    files.add(py_func.__code__.co_filename)
    for file in sorted(files):
        digest.update(_content(file))
    return digest.hexdigest()


def _gather(
    names: dict[str, Any], package: str, files: set[str], met: set[str], number: Callable[[bytes], object]
) -> None:
    """Note the files of a package that hold what ``names`` lead to, and tell ``number`` of the constants among them."""
    for name, value in sorted(names.items()):
        if name.startswith("__"):
            continue
        if isinstance(value, NUMBERS) or (isinstance(value, tuple) and _constant(value)):
            number(f"{name}={value!r};".encode())
        elif isinstance(value, np.ndarray):
            number(f"{name}={value.dtype!r}{value.shape};".encode() + value.tobytes())
        elif isinstance(value, Dispatcher):
            _follow(value.py_func.__module__, package, files, met, number)
        elif isinstance(value, ModuleType):
            _follow(value.__name__, package, files, met, number)
        elif isinstance(value, type):
            file = getattr(sys.modules.get(value.__module__), "__file__", None)
            if file and value.__module__.partition(".")[0] == package:
                files.add(file)


def _constant(value: tuple[Any, ...]) -> bool:
    return all(isinstance(one, NUMBERS) or (isinstance(one, tuple) and _constant(one)) for one in value)


def _follow(module: str, package: str, files: set[str], met: set[str], number: Callable[[bytes], object]) -> None:
    its = sys.modules.get(module)
    file = getattr(its, "__file__", None)  # what is built in has none
    if its is None or file is None or module in met or module.partition(".")[0] != package:
        return
    met.add(module)
    files.add(file)
    _gather(vars(its), package, files, met, number)


@cache
def _content(file: str) -> bytes:
    try:
        return hashlib.sha256(Path(file).read_bytes()).digest()
    except OSError:  # of a module that is no file of its own
        return file.encode()
