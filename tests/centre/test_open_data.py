"""Lists over HTTP: every row once, by place and word, in forms that other programs read; the examples of the documentation."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import uvicorn

from jinyun.centre import accounts, exports, keys
from jinyun.centre.assets import Assets
from tests.centre.asking import PASSWORD, Place
from tests.conftest import ROOT, wait_for


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("state"))


def all_rows(place: Place, address: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        told = place.nobody.get(f"{address}&cursor={cursor}").json()
        rows += told["devices"]
        cursor = told["next"]
    return rows


def test_pages_of_a_list_hold_every_row_once(place: Place) -> None:
    zone = place.centre.zone
    rows = all_rows(place, "/api/v1/devices?limit=7")
    placed = len(zone.rsus) + len(zone.crossings) + len(zone.stops) + len(zone.chargers)
    assert len(rows) == len({row["id"] for row in rows}) == placed
    assert rows[0]["kind"] == "rsu" and place.nobody.get("/api/v1/devices?cursor=!").status_code == 422


def test_a_box_of_degrees_holds_what_lies_in_it_and_nothing_else(place: Place) -> None:
    rows = all_rows(place, "/api/v1/devices?limit=1000")
    lon, lat = place.centre.zone.origin.lon, place.centre.zone.origin.lat
    inside = {row["id"] for row in rows if lon <= row["lon"] <= lon + 0.02 and lat <= row["lat"] <= lat + 0.02}
    found = all_rows(place, f"/api/v1/devices?limit=1000&bbox={lon},{lat},{lon + 0.02},{lat + 0.02}")
    assert {row["id"] for row in found} == inside and 0 < len(inside) < len(rows)
    for wrong in ("1,2,3", "a,b,c,d", "0,2,1,1", "nan,0,1,1"):
        assert place.nobody.get(f"/api/v1/devices?bbox={wrong}").status_code == 422


def test_all_forms_of_a_list_tell_the_same_places(place: Place) -> None:
    address = "/api/v1/devices?kind=stop&limit=1000&format="
    rows = place.nobody.get(address + "json").json()["devices"]
    features = place.nobody.get(address + "geojson").json()["features"]
    table = list(csv.DictReader(io.StringIO(place.nobody.get(address + "csv").content.decode("utf-8-sig"))))
    parquet = pq.read_table(io.BytesIO(place.nobody.get(address + "parquet").content)).to_pylist()
    places = [(row["id"], row["lon"], row["lat"]) for row in rows]
    assert places and places == [(f["id"], *f["geometry"]["coordinates"]) for f in features]
    assert places == [(row["id"], float(row["lon"]), float(row["lat"])) for row in table]
    assert places == [(row["id"], row["lon"], row["lat"]) for row in parquet]
    assert [row["name.zh"] for row in table] == [row["name"]["zh"] for row in rows]


def test_text_that_a_spreadsheet_would_calculate_stays_text() -> None:
    told = exports.as_csv([{"a": "=HYPERLINK(1)", "b": -1.5, "c": [1, {"d": 2}], "e": None}]).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(told))
    assert row == {"a": "'=HYPERLINK(1)", "b": "-1.5", "c": '[1, {"d": 2}]', "e": ""}


def test_a_hundred_thousand_assets_are_found_by_place_word_and_kind() -> None:
    n = 100_000
    rng = np.random.default_rng(5)
    lon, lat = 106 + rng.random(n), 29 + rng.random(n)
    rows = [
        {"id": f"rsu/{i:06d}", "kind": "rsu", "name": {"zh": f"路口{i}", "en": f"Junction {i}"}, "lon": x, "lat": y}
        for i, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
    ]
    assets = Assets(rows)
    found = assets.found(box=(106.5, 29.5, 106.51, 29.51))
    expected = np.flatnonzero((lon >= 106.5) & (lon <= 106.51) & (lat >= 29.5) & (lat <= 29.51))
    assert found.tolist() == expected.tolist() and len(found) > 0
    assert [assets.row(i)["id"] for i in assets.found("junction 099999 99999")] == ["rsu/099999"]
    assert len(assets.found(kind="stop")) == 0 and len(assets.found()) == n


def test_what_the_cloud_says_of_devices_is_told_of_their_rows_and_counted(place: Place) -> None:
    rsus = place.centre.zone.rsus
    said = [{"id": rsu.id, "kind": "rsu", "state": "online", "age_ms": 40} for rsu in rsus]
    said[0]["state"] = "silent"
    said.append({"id": "new", "kind": "rsu", "zh": "新", "en": "new", "state": "late"})
    place.centre.account.take({"devices": said})
    told = wait_for(
        lambda: (one := place.nobody.get("/api/v1/devices").json())["states"]["silent"] and one, 10, "heard"
    )
    assert told["states"] == {"online": len(rsus) - 1, "late": 1, "silent": 1, "unknown": 0}
    (silent,) = all_rows(place, "/api/v1/devices?state=silent")
    assert silent["id"] == f"rsu/{rsus[0].id}" and silent["age_ms"] == 40 and silent["lon"] is not None
    (stranger,) = all_rows(place, "/api/v1/devices?state=late")
    assert stranger["id"] == "rsu/new" and stranger["name"] == {"zh": "新", "en": "new"} and stranger["lon"] is None
    assert all_rows(place, "/api/v1/devices?state=none") == []


@contextmanager
def serving(place: Place) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(place.app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started, 30, "the centre serves")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.integration
def test_the_examples_of_the_documentation_do_what_they_say(tmp_path: Path) -> None:
    place = Place(tmp_path)
    accounts.create(place.registry, "program", "operator", None, PASSWORD)
    key = keys.create(place.registry, "program", "test", ["live"], 1)["key"]
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (python,) = re.findall(r"```python\n(.*?)```", text, re.S)
    shell = [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
    with serving(place) as page:
        known: dict[str, Any] = {}
        exec(python, known)
        assert (
            len(list(known["rows"](page, key, "devices", limit=9)))
            == place.nobody.get("/api/v1/devices").json()["total"]
        )
        if shutil.which("curl") is None:
            pytest.skip("the Python example works; there is no curl here")
        around = {"PAGE": page.rstrip("/"), "KEY": key, "PATH": "/usr/bin:/bin"}
        for line in shell:
            command = ["sh", "-c", line.replace("seconds=30", "seconds=0.2")]
            done = subprocess.run(command, env=around, capture_output=True, text=True, timeout=30)
            assert done.returncode == 0 and ("{" in done.stdout or "retry:" in done.stdout), (line, done.stdout)
