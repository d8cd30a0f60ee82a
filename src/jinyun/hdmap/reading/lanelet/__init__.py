"""Lanelet2 maps (OSM files with lanelets), Autoware's among them, by a reader of our own.

The library of that name has no build for every machine; the tests hold this reader against it. Facts: the Lanelet2
documentation (lanelets, regulatory elements) and Autoware's extensions (``local_x``, ``mgrs_code``,
``turn_direction``, ``intersection_area``, ``parking_space``).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET

from jinyun.hdmap.reading.draft import Draft
from jinyun.hdmap.reading.lanelet import lanelets, primitives, rules
from jinyun.hdmap.reading.source import MOST_LANES, Source

__all__ = ["is_lanelets", "read"]

HELD = frozenset(("osm", "node", "way", "relation", "tag", "nd", "member", "bounds", "MetaInfo"))


def is_lanelets(root: ET.Element) -> bool:
    """Return whether an OSM file holds lanelets and not only streets."""
    return any(
        tag.get("k") == "type" and tag.get("v") == "lanelet"
        for relation in root.iterfind("relation")
        for tag in relation.iterfind("tag")
    )


def read(root: ET.Element, source: Source) -> Draft:
    """Return the lanes and all that belongs to them; raises :class:`jinyun.hdmap.MapError`."""
    source.leave(root, HELD)
    found = primitives.gather(root, source)
    draft = Draft("lanelet2", found.georeference)
    laid = lanelets.lay(found, draft, source)
    if len(draft.lanes) > MOST_LANES:
        raise source.fault("-", f"more than {MOST_LANES} lanes")
    rules.apply(found, laid, draft, source)
    return draft
