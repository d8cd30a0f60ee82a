"""Small Lanelet2 maps of the tests' own, as texts."""

from __future__ import annotations

from collections.abc import Sequence

Place = tuple[float, float]


class Writer:
    """Collects nodes, ways and relations; a place that comes twice is one node."""

    def __init__(self, local: bool = True, degrees: bool = False, square: str = "") -> None:
        self.local, self.degrees, self.square = local, degrees, square
        self.nodes: dict[Place, int] = {}
        self.items: list[str] = []
        self.next = 1000

    def node(self, at: Place) -> int:
        if at not in self.nodes:
            self.nodes[at] = len(self.nodes) + 1
        return self.nodes[at]

    def way(self, places: Sequence[Place], **tags: str) -> int:
        self.next += 1
        refs = "".join(f'<nd ref="{self.node(at)}"/>' for at in places)
        self.items.append(f'<way id="{self.next}">{refs}{_tags(tags)}</way>')
        return self.next

    def relation(self, members: Sequence[tuple[str, str, int]], **tags: str) -> int:
        self.next += 1
        refs = "".join(f'<member type="{kind}" role="{role}" ref="{ref}"/>' for role, kind, ref in members)
        self.items.append(f'<relation id="{self.next}">{refs}{_tags(tags)}</relation>')
        return self.next

    def lanelet(self, left: int, right: int, *rules: int, **tags: str) -> int:
        members = [
            ("left", "way", left),
            ("right", "way", right),
            *(("regulatory_element", "relation", id) for id in rules),
        ]
        return self.relation(members, **{"type": "lanelet", "subtype": "road", "one_way": "yes"} | tags)

    def text(self) -> str:
        nodes = []
        for (x, y), id in self.nodes.items():
            tags = {"local_x": repr(x), "local_y": repr(y)} if self.local else {}
            tags |= {"mgrs_code": self.square} if self.square else {}
            where = f'lat="{30 + y / 111_000!r}" lon="{120 + x / 96_000!r}"' if self.degrees else 'lat="" lon=""'
            nodes.append(f'<node id="{id}" {where}>{_tags(tags | {"ele": "7.5"})}</node>')
        ordered = sorted(self.items, key=lambda item: item.startswith("<relation"))
        return f'<?xml version="1.0"?>\n<osm generator="test">{"".join(nodes)}{"".join(ordered)}</osm>'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key.replace("__", ":")}" v="{value}"/>' for key, value in tags.items())


def crossing(**how: object) -> tuple[str, dict[str, int]]:
    """Return a crossing of two streets without any tag of Autoware's, and the ids of its lanelets by name.

    Two lanes lead east (``e1`` the right one, ``e2``), one north (``n``), each in three pieces: before (``a``), across
    (``b``), after (``c``). The northern street has a bicycle lane at its right (``y``), its lanes a speed limit by sign
    and a signal; the east-bound lanes one by tag. Borders are drawn in either direction.
    """
    w = Writer(**how)  # type: ignore[arg-type]
    east = {
        k: [
            w.way([(x0, y), (x1, y)], type="line_thin", subtype="dashed")
            for x0, x1 in ((-50.0, -8.0), (-8.0, 8.0), (8.0, 60.0))
        ]
        for k, y in enumerate((-3.5, 0.0, 3.5))
    }
    north = {
        k: [w.way([(x, y1), (x, y0)], type="road_border") for y0, y1 in ((-40.0, -8.0), (-8.0, 8.0), (8.0, 44.0))]
        for k, x in enumerate((-1.75, 1.75, 3.25))
    }
    bulb = w.way([(-1.0, 12.0), (1.0, 12.0)], type="traffic_light", subtype="red_yellow_green", height="1.2")
    stop = w.way([(3.4, -9.5), (-1.9, -9.5)], type="stop_line")
    light = w.relation(
        [("refers", "way", bulb), ("ref_line", "way", stop)], type="regulatory_element", subtype="traffic_light"
    )
    sign = w.way([(4.0, -30.0), (4.5, -30.0)], type="traffic_sign", subtype="de274")
    limit = w.relation([("refers", "way", sign)], type="regulatory_element", subtype="speed_limit", sign_type="30 km/h")
    ids: dict[str, int] = {}
    for k, piece in enumerate("abc"):
        ids[f"e1{piece}"] = w.lanelet(east[1][k], east[0][k], speed_limit="50")
        ids[f"e2{piece}"] = w.lanelet(east[2][k], east[1][k], speed_limit="13.9 m/s")
        rules = (light, limit) if piece == "a" else (limit,)
        ids[f"n{piece}"] = w.lanelet(north[0][k], north[1][k], *rules)
        ids[f"y{piece}"] = w.lanelet(north[1][k], north[2][k], subtype="bicycle_lane")
    walk = [w.way([(x, -5.0), (x, 6.0)], type="virtual") for x in (-14.0, -11.0)]
    ids["x"] = w.lanelet(walk[0], walk[1], subtype="crosswalk")
    w.way([(20.0, -9.0), (20.0, -4.0)], type="parking_space", width="2.5")
    w.relation([("outer", "way", bulb)], type="multipolygon", subtype="parking")
    return w.text(), ids
