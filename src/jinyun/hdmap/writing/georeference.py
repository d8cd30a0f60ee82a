"""Where on Earth the map's metres lie, in the words of those who read exported files."""

from __future__ import annotations

import math

from jinyun.hdmap.precise import Map
from jinyun.zone import Projection


def proj(map: Map) -> str | None:
    """Return the map's plane as a PROJ string, None for a map that lies nowhere on Earth."""
    lon, lat = (float(map.about[key][0]) for key in ("lon", "lat"))
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return None
    text = Projection(lon, lat).proj
    return text.replace("+ellps=WGS84", "+ellps=GRS80") if map.about["datum"][0] == "CGCS2000" else text
