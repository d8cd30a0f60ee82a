"""The map over HTTP: what the overview lists is there, tagged, small and the same for good; what it does not is not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from jinyun import hdmap
from jinyun.centre.app import Drawn, create
from jinyun.net import columns
from tests.hdmap.reference import reference

NOWHERE = "nats://127.0.0.1:9"


class Client:
    """The centre's application asked without a socket."""

    def __init__(self, state: Path, drawn: Drawn | None = None) -> None:
        self.app = create(reference()[0], state, NOWHERE, drawn)

    def get(self, address: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://centre") as client:
                return await client.get(address, headers={k.replace("_", "-"): v for k, v in headers.items()})

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def drawn() -> Any:
    here, map = reference()
    return hdmap.drawing(map, here)


@pytest.fixture(scope="module")
def client(drawn: Any, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(tmp_path_factory.mktemp("state"), drawn)


def tiles(client: Client) -> tuple[str, list[str]]:
    meta, tables = columns.unpack(client.get("/api/v1/map").content)
    index = tables["tiles"]
    keys = zip(*(index[name].tolist() for name in ("level", "column", "row")), strict=True)
    return meta["tag"], [f"/api/v1/map/tiles/{meta['tag']}/{level}/{column}/{row}" for level, column, row in keys]


def test_every_listed_tile_is_there_and_kept_for_good(client: Client, drawn: Any) -> None:
    tag, addresses = tiles(client)
    assert client.get("/api/v1/zone").json()["map_tag"] == tag
    lanes = 0
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        meta, tables = columns.unpack(answer.content)
        lanes += len(tables["lanes"]["kind"]) if "/2/" in address and "lanes" in tables else 0
        assert set(meta) == {"names"}
    assert lanes == len(drawn[0]["lanes"]["kind"])
    assert len(addresses) == len(set(addresses))


def test_what_is_not_a_tile_of_this_map_is_told_so(client: Client) -> None:
    tag, addresses = tiles(client)
    old = client.get(addresses[0].replace(tag, "0" * 20))
    assert old.status_code == 404 and "changed" in old.json()["reason"]
    for wrong in ("1/99/0", "3/0/0", "0/0/0", "2/-40000/70000"):
        assert client.get(f"/api/v1/map/tiles/{tag}/{wrong}").status_code == 404
    assert client.get(f"/api/v1/map/tiles/{tag}/1/x/0").status_code == 422


def test_an_answer_is_the_same_in_gzip_and_not_sent_twice(client: Client) -> None:
    for address in ("/api/v1/map", tiles(client)[1][0]):
        small = client.get(address, Accept_Encoding="gzip")
        plain = client.get(address, Accept_Encoding="identity")
        assert small.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
        assert small.content == plain.content  # the client unpacks
        assert int(small.headers["content-length"]) < 0.7 * len(plain.content)
        again = client.get(address, If_None_Match=plain.headers["etag"])
        assert again.status_code == 304 and again.content == b""


def test_the_tag_tells_any_change_and_nothing_else(client: Client, drawn: Any, tmp_path: Path) -> None:
    tables, meta = drawn
    head = {**tables["heads"], "phase": np.roll(tables["heads"]["phase"], 1)}
    other = Client(tmp_path, ({**tables, "heads": head}, meta))
    same = Client(tmp_path)
    assert tiles(same) == tiles(client)
    assert tiles(other)[0] != tiles(client)[0]


def test_what_is_sent_first_is_small(client: Client) -> None:
    """A page opens on the overview: it must not grow with what stands at single lanes."""
    first = client.get("/api/v1/map", Accept_Encoding="gzip")
    whole = sum(
        int(client.get(address, Accept_Encoding="gzip").headers["content-length"]) for address in tiles(client)[1]
    )
    assert int(first.headers["content-length"]) < whole / 5
