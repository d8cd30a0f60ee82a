"""OpenDRIVE files of the tests' own, as texts: every kind of geometry on one road, and a signalled junction in 1.8."""

from __future__ import annotations

import math

from tests.hdmap import dense

CHAIN: tuple[tuple[str, tuple[float, ...], float], ...] = (
    ("line", (), 40.0),
    ("spiral", (0.0, 0.02), 30.0),
    ("arc", (0.02,), 50.0),
    ("spiral", (0.02, -0.05), 35.0),
    ("arc", (-0.05,), 25.0),
    ("spiral", (-0.05, -0.0500001), 20.0),
    ("poly3", (0.0, 0.0, 0.004, -0.00006), 60.0),
    ("paramPoly3", (0.0, 1.0, -0.0004, 0.0, 0.0, 0.0, 0.006, -0.00008, 1.0), 45.0),
    ("paramPoly3", (0.0, 50.0, 2.0, -4.0, 0.0, 0.0, 18.0, -9.0, 0.0), 51.6),
    ("spiral", (0.12, 0.0), 15.0),
    ("line", (), 20.0),
)
"""Kind, numbers in the standard's order (the last of paramPoly3: 1 for arcLength) and length."""


def geometries(chain: tuple[tuple[str, tuple[float, ...], float], ...] = CHAIN) -> tuple[str, float]:
    """Return the plan view of a chain, each piece where the one before ends, and its length."""
    x, y, h, s = 12.0, -7.0, 0.4, 0.0
    texts = []
    for kind, numbers, length in chain:
        if kind == "paramPoly3":
            keys = [f"{key}{axis}" for axis in "UV" for key in "abcd"]
            more = f' pRange="{"arcLength" if numbers[8] else "normalized"}"'
        else:
            keys, more = (
                {"arc": ["curvature"], "spiral": ["curvStart", "curvEnd"], "poly3": list("abcd")}.get(kind, []),
                "",
            )
        shape = "".join(f' {key}="{number!r}"' for key, number in zip(keys, numbers, strict=False))
        texts.append(
            f'<geometry s="{s!r}" x="{x!r}" y="{y!r}" hdg="{h!r}" length="{length!r}"><{kind}{shape}{more}/></geometry>'
        )
        u, v, turn = dense.piece(kind, numbers, length, dense.np.array([length]))
        x, y = x + math.cos(h) * u[0] - math.sin(h) * v[0], y + math.sin(h) * u[0] + math.cos(h) * v[0]
        h, s = h + turn[0], s + length
        x, y, h = float(x), float(y), float(h)
    return "".join(texts), s


def every_kind() -> str:
    """Return a road of every kind of geometry, with tapers, a lane offset, borders, hills and superelevation."""
    view, length = geometries()
    return f"""<?xml version="1.0"?>
<OpenDRIVE><header revMajor="1" revMinor="5" name="every kind"/>
<road id="7" name="Every Kind" length="{length!r}" junction="-1">
<type s="0" type="town"><speed max="50" unit="km/h"/></type>
<type s="200" type="town"><speed max="30" unit="mph"/></type>
<planView>{view}</planView>
<elevationProfile><elevation s="0" a="210" b="0.02" c="0" d="0"/><elevation s="90" a="211.8" b="0.02" c="-0.0004" d="2e-6"/>
</elevationProfile>
<lateralProfile><superelevation s="0" a="0" b="0" c="0" d="0"/><superelevation s="60" a="0" b="0.001" c="0" d="0"/>
<superelevation s="110" a="0.05" b="0" c="0" d="0"/></lateralProfile>
<lanes><laneOffset s="0" a="0" b="0" c="0" d="0"/><laneOffset s="100" a="0" b="0" c="0.0054" d="-0.00012"/>
<laneOffset s="130" a="1.62" b="0" c="0" d="0"/>
<laneSection s="0">
<left><lane id="2" type="sidewalk"><width sOffset="0" a="2" b="0" c="0" d="0"/></lane>
<lane id="1" type="driving"><link><successor id="1"/></link><width sOffset="0" a="3.4" b="0" c="0" d="0"/></lane></left>
<center><lane id="0" type="none"/></center>
<right><lane id="-1" type="driving"><link><successor id="-1"/></link><width sOffset="0" a="3.4" b="0" c="0.0002" d="0"/></lane>
<lane id="-2" type="driving"><link><successor id="-2"/></link><width sOffset="0" a="0" b="0" c="0" d="0"/>
<width sOffset="40" a="0" b="0" c="0.0108" d="-0.00024"/><width sOffset="70" a="3.24" b="0" c="0" d="0"/></lane>
<lane id="-3" type="biking"><link><successor id="-3"/></link><width sOffset="0" a="1.8" b="0" c="0" d="0"/></lane>
</right></laneSection>
<laneSection s="150">
<left><lane id="1" type="bus"><link><predecessor id="1"/></link><border sOffset="0" a="3.4" b="0.002" c="0" d="0"/>
<speed sOffset="0" max="40" unit="km/h"/></lane></left>
<center><lane id="0" type="none"/></center>
<right><lane id="-1" type="driving"><link><predecessor id="-1"/></link><border sOffset="0" a="-7.9" b="0" c="0" d="0"/></lane>
<lane id="-2" type="driving"><link><predecessor id="-2"/></link><border sOffset="0" a="-11.14" b="-0.01" c="0" d="0"/></lane>
<lane id="-3" type="biking"><link><predecessor id="-3"/></link><border sOffset="0" a="-12.94" b="-0.01" c="0" d="0"/></lane>
<lane id="-4" type="shoulder"><border sOffset="0" a="-15" b="-0.01" c="0" d="0"/></lane>
</right></laneSection></lanes></road></OpenDRIVE>"""


def lanes(left: str, right: str) -> str:
    """Return a lane section of ``id type width predecessors>successors`` words."""

    def lane(word: str) -> str:
        number, kind, width, links = word.split()
        before, _, after = links.partition(">")
        told = "".join(f'<predecessor id="{i}"/>' for i in before.split(",") if i)
        told += "".join(f'<successor id="{i}"/>' for i in after.split(",") if i)
        return (
            f'<lane id="{number}" type="{kind}" level="false"><link>{told}</link>'
            f'<width sOffset="0" a="{width}" b="0" c="0" d="0"/></lane>'
        )

    sides = ("left", left), ("right", right)
    both = {side: "".join(lane(word) for word in words.split(";") if word.strip()) for side, words in sides}
    parts = [f"<{side}>{both[side]}</{side}>" if both[side] else "" for side, _ in sides]
    return f'<lanes><laneSection s="0">{parts[0]}<center><lane id="0" type="none"/></center>{parts[1]}</laneSection></lanes>'


def road(id: int, at: tuple[float, float, float], length: float, body: str, *, shape: str = "<line/>", junction: str = "-1",
         before: str = "", after: str = "", more: str = "", rule: str = "RHT") -> str:  # fmt: skip
    """Return a road of one geometry; ``before`` and ``after`` are ``junction 1`` or ``road 3 end``."""

    def link(tag: str, told: str) -> str:
        if not told:
            return ""
        kind, to, *contact = told.split()
        return (
            f'<{tag} elementType="{kind}" elementId="{to}"'
            + (f' contactPoint="{contact[0]}"' if contact else "")
            + "/>"
        )

    x, y, h = at
    return (
        f'<road id="{id}" length="{length!r}" junction="{junction}" rule="{rule}">'
        f"<link>{link('predecessor', before)}{link('successor', after)}</link>"
        f'<planView><geometry s="0" x="{x!r}" y="{y!r}" hdg="{h!r}" length="{length!r}">{shape}</geometry></planView>'
        f"{body}{more}</road>"
    )


_TWO = ("1 driving 3.5 >", "-1 driving 3.5 >;-2 sidewalk 2 >")
_ARM = lanes("2 sidewalk 2 >;1 driving 3.5 >", "-1 driving 3.5 >;-2 sidewalk 2 >")
_QUARTER = 10 * math.pi / 2


def crossroads() -> str:
    """Return a T of three arms in OpenDRIVE 1.8 with a namespace: signals with controllers, crosswalk, parking, tunnel.

    The arms lead west (1), east (2) and south (3) from a junction that reaches 10 m out. The one from the west ends at
    it, the others begin there. Driven on the right. Roads 4 and 5 go on from the east through a direct junction.
    """
    straight, way = lanes("", "-1 driving 3.5 -1>-1"), lanes("", "-1 driving 3.5 -1>1")
    signal = '<signal id="{}" s="{}" t="{}" zOffset="4" height="1" dynamic="yes" orientation="{}" type="{}" subtype="{}" ' \
             'country="OpenDRIVE" name="" countryRevision="2021"{}'  # fmt: skip
    west = "<signals>" + signal.format("s1", 88.0, -4.0, "+", "1000001", "-1", "/>") \
        + signal.format("s2", 88.0, -4.5, "+", "1.000.011", "20", "/>") \
        + '<signal id="m1" s="86" t="0" dynamic="no" orientation="+" type="294" subtype="-1">' \
          '<validity fromLane="-1" toLane="-1"/></signal>' \
          '<signal id="v1" s="40" t="-4" dynamic="no" orientation="+" type="274" subtype="50"/></signals>'  # fmt: skip
    objects = """<objects>
<object id="c1" type="crosswalk" s="88" t="0" hdg="0" zOffset="0"><outlines><outline id="0" closed="true">
<cornerLocal u="-1.5" v="-3.5" z="0"/><cornerLocal u="1.5" v="-3.5" z="0"/><cornerLocal u="1.5" v="3.5" z="0"/>
<cornerLocal u="-1.5" v="3.5" z="0"/></outline></outlines></object>
<object id="p1" type="parkingSpace" s="20" t="-8" hdg="0" length="6" width="2.5">
<repeat s="20" length="18" distance="6" tStart="-8" tEnd="-8" widthStart="2.5" widthEnd="2.5" heightStart="0" heightEnd="0"
zOffsetStart="0" zOffsetEnd="0"/></object>
<object id="p2" type="parkingSpace" s="50" t="8" hdg="1.5707963" length="5.3" width="2.5">
<parkingSpace access="electric"/></object>
<object id="t1" type="tree" s="60" t="9"/>
<tunnel id="u1" s="-0" length="120" name="" type="standard"/>
<bridge id="b1" s="10" length="5" type="steel" name=""/></objects>"""
    east = "<signals>" + signal.format("s3", 2.0, 4.0, "-", "1000001", "-1", "/>") \
        + signal.format("w1", 4.0, 5.0, "-", "1000002", "-1", '><validity fromLane="0" toLane="0"/></signal>') \
        + signal.format("w2", 4.0, -5.0, "-", "1000002", "-1", '><validity fromLane="0" toLane="0"/></signal>') \
        + '<signal id="x1" s="2" t="0" dynamic="no" orientation="+" type="1000003" value="4" width="7"/></signals>'  # fmt: skip
    south = '<signals><signalReference id="s3" s="5" t="4" orientation="-"/></signals>'
    arc = '<arc curvature="{}"/>'
    t = math.pi / 2
    roads = [
        road(1, (-100.0, 0.0, 0.0), 90.0, _ARM, after="junction 9", more=objects + west),
        road(2, (10.0, 0.0, 0.0), 80.0, lanes("2 sidewalk 2 >;1 driving 3.5 >1", "-1 driving 3.5 >-1"), before="junction 9",
             after="junction 8", more=east),
        road(3, (0.0, -10.0, -t), 60.0, _ARM, before="junction 9", more=south),
        road(11, (-10.0, 0.0, 0.0), 20.0, straight, junction="9", before="road 1 end", after="road 2 start"),
        road(12, (10.0, 0.0, math.pi), 20.0, lanes("", "-1 driving 3.5 1>1"), junction="9", before="road 2 start",
             after="road 1 end"),
        road(13, (-10.0, 0.0, 0.0), _QUARTER, straight, shape=arc.format(-0.1), junction="9", before="road 1 end",
             after="road 3 start"),
        road(14, (0.0, -10.0, t), _QUARTER, way, shape=arc.format(0.1), junction="9", before="road 3 start",
             after="road 1 end"),
        road(15, (0.0, -10.0, t), _QUARTER, lanes("", "-1 driving 3.5 1>-1"), shape=arc.format(-0.1), junction="9",
             before="road 3 start", after="road 2 start"),
        road(16, (10.0, 0.0, math.pi), _QUARTER, lanes("", "-1 driving 3.5 1>-1"), shape=arc.format(0.1), junction="9",
             before="road 2 start", after="road 3 start"),
        road(4, (90.0, 0.0, 0.0), 50.0, lanes("1 driving 3.5 1>", "-1 driving 3.5 -1>"), before="junction 8"),
        road(5, (90.0, 0.0, 0.0), 50.0, lanes("", "-1 slipLane 3.5 >"), shape=arc.format(-0.01), before="junction 8"),
    ]  # fmt: skip
    turns = [(1, 11, -1), (2, 12, 1), (1, 13, -1), (3, 14, 1), (3, 15, 1), (2, 16, 1)]
    connections = "".join(
        f'<connection id="{k}" incomingRoad="{a}" connectingRoad="{b}" contactPoint="start"><laneLink from="{lane}" to="-1"/>'
        "</connection>"
        for k, (a, b, lane) in enumerate(turns)
    )
    direct = "".join(
        f'<connection id="{k}" incomingRoad="2" linkedRoad="{b}" contactPoint="start">'
        '<laneLink from="-1" to="-1" overlapZone="0"/></connection>'
        for k, b in enumerate((4, 5))
    ) + '<connection id="2" incomingRoad="4" linkedRoad="2" contactPoint="end">' \
        '<laneLink from="1" to="1"/></connection>'  # fmt: skip
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenDRIVE xmlns="http://code.asam.net/simulation/standard/opendrive_schema"><header revMajor="1" revMinor="8">
<geoReference><![CDATA[+proj=utm +zone=48 +ellps=WGS84 +datum=WGS84 +units=m +no_defs]]></geoReference>
<offset x="625000.5" y="3275000.25" z="200" hdg="0"/></header>
{"".join(roads)}
<controller id="k1"><control signalId="s1" type="0"/></controller>
<controller id="k2"><control signalId="s2" type="0"/></controller>
<junction id="9" name="T" type="default">{connections}<controller id="k1"/><controller id="k2"/>
<boundary/></junction><junction id="8" name="Split" type="direct">{direct}</junction></OpenDRIVE>"""
