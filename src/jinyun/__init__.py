"""Jinyun 缙云: an open platform for cities whose cars, roads, cloud, network and map work as one (车路云一体化).

The five parts are five packages: ``vehicle`` 车, ``road`` 路, ``cloud`` 云, ``net`` 网, ``hdmap`` 图. Around them stand
``centre`` (operate and supervise) and ``world`` (a simulated street where there is none). ``zone`` describes a
demonstration zone as a folder; ``shapes`` holds the few data shapes that cross the doors between rooms.
"""

import os

# Which compiled kernels are out of date is told by jinyun.kernels; numba reads this when it is first imported.
os.environ.setdefault(
    "NUMBA_CACHE_LOCATOR_CLASSES",
    "jinyun.kernels.WhereTold,jinyun.kernels.BesideSource,jinyun.kernels.OfUser,IPythonCacheLocator,ZipCacheLocator",
)

__version__ = "0.1.0"
