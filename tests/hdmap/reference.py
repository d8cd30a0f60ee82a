"""The reference zone and its map for tests, compiled once into a cache of the tests' own."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache

from jinyun import hdmap, zone
from jinyun.hdmap import Map
from jinyun.zone import Zone


def own_cache() -> None:
    """Keep what the tests compile away from the user's cache, in one folder for all of them."""
    if "JINYUN_TEST_CACHE" not in os.environ:
        os.environ["JINYUN_TEST_CACHE"] = os.environ["JINYUN_CACHE"] = tempfile.mkdtemp(prefix="jinyun-tests-")
        atexit.register(shutil.rmtree, os.environ["JINYUN_CACHE"], ignore_errors=True)


@cache
def reference() -> tuple[Zone, Map]:
    """Return the reference zone and its precise map."""
    own_cache()
    here = zone.load(zone.find())
    return here, hdmap.open(here)
