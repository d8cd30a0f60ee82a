"""Reading any map: formats told by content, what is refused, broken copies, georeferences, what leads on."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pyproj
import pytest

from jinyun import hdmap
from jinyun.hdmap import MapError
from jinyun.hdmap.reading import georeference
from tests.conftest import shared
from tests.hdmap import corruption, lanelets, xodr

NAMES = (
    "esmini_fabriksgatan_traffic_lights.xodr",
    "esmini_multi_intersections.xodr",
    "autoware_intersection_lanelet2.osm",
)
COPIES = 12
NET = """<net version="1.20"><location netOffset="0.00,0.00" projParameter="!"/>
<edge id=":J_0" function="internal"><lane id=":J_0_0" index="0" speed="9.00" length="8.00" shape="96,-1.6 104,-1.6"/></edge>
<edge id="a" from="W" to="J"><lane id="a_0" index="0" speed="13.89" length="96.00" shape="0.00,-1.60 96.00,-1.60"/></edge>
<edge id="b" from="J" to="E"><lane id="b_0" index="0" speed="13.89" length="96.00" shape="104.00,-1.60 200.00,-1.60"/></edge>
<tlLogic id="J" type="static" programID="0" offset="0"><phase duration="30" state="G"/><phase duration="5" state="r"/></tlLogic>
<junction id="J" type="traffic_light" x="100.00" y="0.00" incLanes="a_0" intLanes=":J_0_0" shape="96,-4 104,-4 104,4 96,4"/>
<connection from="a" to="b" fromLane="0" toLane="0" via=":J_0_0" tl="J" linkIndex="0" dir="s" state="O"/>
<connection from=":J_0" to="b" fromLane="0" toLane="0" dir="s" state="M"/></net>"""


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_copy_makes_a_map_or_a_clear_error(name: str) -> None:
    told = corruption.survey(shared(f"maps/{name}"), COPIES, seed=3)
    assert sum(told.values()) == COPIES and told["refused"] > 0


def test_broken_copies_of_small_maps_of_every_kind_make_a_map_or_a_clear_error(tmp_path: Path) -> None:
    told: Counter[str] = Counter()
    texts = {
        "every.xodr": xodr.every_kind(),
        "tee.xodr": xodr.crossroads(),
        "cross.osm": lanelets.crossing()[0],
        "net.net.xml": NET,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        told += corruption.survey(tmp_path / name, 60, seed=4)
    assert told["read"] > 10 and told["refused"] > 60


def small(body: str = "", prologue: str = '<?xml version="1.0"?>') -> str:
    road = xodr.road(1, (0.0, 0.0, 0.0), 50.0, xodr.lanes("", "-1 driving 3 >"))
    return f'{prologue}<OpenDRIVE><header revMajor="1" revMinor="7" name="路"/>{road}{body}</OpenDRIVE>'


@pytest.mark.parametrize(
    "data",
    [
        b"\n\n  " + small().encode(),
        b"\xef\xbb\xbf" + small().encode(),
        small(prologue='<?xml version="1.0" encoding="GB2312"?>').encode("gbk"),
        small(prologue='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
        small().replace("<OpenDRIVE>", '<OpenDRIVE xmlns="http://example.org/any">').encode(),
    ],
    ids=["blank lines first", "byte order mark", "GB2312", "UTF-16", "namespace"],
)
def test_files_are_read_however_they_are_written(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "map.anything"  # the name says nothing: the content does
    path.write_bytes(data)
    assert hdmap.read(path).lanes["id"].tolist() == ["1.0.-1"]


BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (small("&b;", BOMB).encode(), "a document type or entities are not read"),
        (small(prologue='<?xml version="1.0" encoding="cp037"?>').encode(), "encoding 'cp037' is not known"),
        (
            small(prologue=f'<?xml version="1.0"{" " * 2000}encoding="cp037"?>').encode(),
            "its XML declaration has no end",
        ),
        (small().encode("utf-16-le"), "it has a zero byte"),
        (small()[:-20].encode(), "is not well-formed XML"),
        (b"", "is not well-formed XML"),
        (b"PK\x03\x04 a zip", "is not well-formed XML"),
        (b"<gpx/>", "gpx: is the root of no map format that is read"),
        (b"<osm/>", "osm: has neither lanelets nor streets"),
        (b"<net/>", "has no lane that anybody travels on"),
        (b"<OpenDRIVE/>", "has no lane that anybody travels on"),
        (b"\x1f\x8b\x08 no gzip", "is not a whole gzip file"),
        (
            b"<OpenDRIVE>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</OpenDRIVE>",
            "has no lane that anybody travels on",
        ),
    ],
)
def test_what_is_no_map_is_refused(data: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "map.xodr").write_bytes(data)
    with pytest.raises(MapError) as error:
        hdmap.read(tmp_path / "map.xodr")
    assert str(error.value).startswith("map.xodr: ")
    assert told in str(error.value)


def test_a_file_that_is_not_there_or_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MapError, match=r"map.xodr: -: cannot be read: No such file"):
        hdmap.read(tmp_path / "map.xodr")
    (tmp_path / "map.xodr").write_text(small())
    monkeypatch.setattr("jinyun.hdmap.reading.source.MOST_BYTES", 100)
    with pytest.raises(MapError, match=r"map.xodr: -: larger than"):
        hdmap.read(tmp_path / "map.xodr")


def test_a_road_that_would_need_endless_points_is_refused(tmp_path: Path) -> None:
    text = small().replace('length="50.0"', 'length="900000.0"').replace("<line/>", '<arc curvature="0.00004"/>')
    (tmp_path / "map.xodr").write_text(text.replace('c="0"', 'c="9000000"'))
    with pytest.raises(MapError, match=r"road 1: needs more than 200000 points"):
        hdmap.read(tmp_path / "map.xodr")


@pytest.mark.parametrize(
    ("text", "datum"),
    [
        ("+proj=tmerc +lat_0=29.6 +lon_0=106.3 +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m +no_defs", "WGS-84"),
        ("+proj=tmerc +lat_0=0 +lon_0=105 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs", "ellipsoid GRS80"),
        ("+proj=utm +zone=48 +datum=WGS84", "WGS-84"),
        ("+proj=utm +zone=19 +south +datum=WGS84", "WGS-84"),
        ("EPSG:32651", "WGS-84"),
        ("EPSG:32720", "WGS-84"),
        ("EPSG:4523", "CGCS2000"),
        ("EPSG:4544", "CGCS2000"),
    ],
)
def test_a_georeference_means_what_pyproj_says(text: str, datum: str) -> None:
    found = georeference.understand(text)
    assert found.plane is not None and found.datum == datum
    theirs = pyproj.Transformer.from_crs(text, "EPSG:4326" if datum != "CGCS2000" else "EPSG:4490", always_xy=True)
    x0, y0 = theirs.transform(found.plane.lon_deg + 0.3, 29.0 if "south" not in text else -29.0, direction="INVERSE")
    x, y = np.array([x0, x0 + 900.0]), np.array([y0, y0 - 700.0])
    lon, lat = found.plane.degrees(x, y)
    theirs_lon, theirs_lat = theirs.transform(x, y)
    assert np.abs(lon - theirs_lon).max() * 111_000 < 0.001
    assert np.abs(lat - theirs_lat).max() * 111_000 < 0.001


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no georeference"),
        ("+proj=merc +a=6378137", "projection 'merc' is not read"),
        ("+proj=tmerc +ellps=krass", "datum or ellipsoid 'krass' is not read"),
        ("+proj=utm +zone=61", "there is no UTM zone '61'"),
        ("+proj=tmerc +lon_0=abc", "no numbers of a plane on Earth"),
        ("+proj=tmerc +towgs84=10,0,0", "a shift to WGS-84 is not read"),
        ("+proj=tmerc +units=us-ft", "axes other than metres"),
        ("+lat_0=1 +lon_0=2", "no projection is named"),
        ("PROJCS[...]", "is not a PROJ string"),
        ("EPSG:3857", "EPSG:3857 is not read"),
    ],
)
def test_what_is_no_usable_georeference_is_said_and_the_metres_stay(
    text: str | None, reason: str, tmp_path: Path
) -> None:
    header = f'<header revMinor="7"><geoReference>{text}</geoReference></header>' if text else '<header revMinor="7"/>'
    (tmp_path / "map.xodr").write_text(small().replace('<header revMajor="1" revMinor="7" name="路"/>', header))
    map = hdmap.read(tmp_path / "map.xodr")
    assert math.isnan(map.about["lon"][0]) and str(map.about["datum"][0]) == ""
    assert reason in str(map.about["projection"][0])
    assert map.lane_line(0).tolist() == [[0, -1.5], [50, -1.5]]
    placed = hdmap.read(tmp_path / "map.xodr", origin=(106.3, 29.6))
    assert (placed.about["lon"][0], placed.about["lat"][0]) == (106.3, 29.6)
    assert "placed by hand" in str(placed.about["projection"][0])


def test_a_plane_that_a_zone_may_have_is_kept_and_others_are_moved_into_one(tmp_path: Path) -> None:
    header = '<header revMinor="7"><geoReference><![CDATA[{}]]></geoReference></header>'
    path = tmp_path / "map.xodr"
    own = "+proj=tmerc +lat_0=29.6 +lon_0=106.3 +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m"
    path.write_text(small().replace('<header revMajor="1" revMinor="7" name="路"/>', header.format(own)))
    map = hdmap.read(path)
    assert (map.about["lon"][0], map.about["lat"][0]) == (106.3, 29.6)
    assert map.lane_line(0).tolist() == [[0, -1.5], [50, -1.5]]
    moved = hdmap.read(path, origin=(106.25, 29.62))
    lon, lat = moved.project.inverse(*moved.lane_line(0).T)
    x, y = map.project(lon, lat)
    assert np.allclose(np.column_stack([x, y]), map.lane_line(0), atol=1e-6)  # there and back
    assert moved.lanes["length_m"][0] == pytest.approx(50, abs=0.002)
