"""The applications over HTTP, and what they advised as frames told it: opened, grown more urgent, closed, bounded."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from importlib import resources
from typing import Any

import httpx
import numpy as np
import pytest

from jinyun.centre.advised import KEPT, Advised
from jinyun.centre.app import create
from jinyun.cloud.apps import CATALOGUE
from jinyun.net import columns
from tests.hdmap.reference import reference

NOWHERE = "nats://127.0.0.1:9"


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return create(reference()[0], tmp_path_factory.mktemp("state"), NOWHERE)


def get(application: Any, address: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://centre") as client:
            return await client.get(address)

    return asyncio.run(ask())


def frame(seq: int, *rows: tuple[int, int, int], **values: float) -> bytes:
    """A frame at ``seq`` tenths of a second with advice (episode, application, urgency)."""
    n = len(rows)
    episode, row, urgency = np.array(rows, np.int64).reshape(-1, 3).T
    of = {"x_m": 1.0, "y_m": 2.0, "after_s": 1.5, "value": 3.0} | values
    advice: dict[str, Any] = {
        "episode": episode.astype(np.uint32), "application": row.astype(np.uint8), "receiver": np.full(n, 7, np.uint32),
        "about": np.full(n, 9, np.uint32), "urgency": urgency.astype(np.uint8),
        **{name: np.full(n, value, np.float32) for name, value in of.items()},
    }  # fmt: skip
    return columns.pack({"advice": advice}, {"kind": "frame", "seq": seq, "t_us": seq * 100_000})


def test_what_was_measured_stands_beside_each_application_as_it_was_kept(application: Any) -> None:
    kept = json.loads(
        (resources.files("jinyun") / "bench" / "evaluation" / "measured.json").read_text(encoding="utf-8")
    )
    assert set(kept["apps"]) == {about.id for about in CATALOGUE}
    for one in get(application, "/api/v1/applications").json()["applications"]:
        row, told = kept["apps"][one["id"]], one["measured"]
        if not row["cases"]:
            assert told is None
            continue
        assert told["simulated"] and told["command"] == row.get("from", kept["command"])
        assert all(row[name] == value for name, value in told["figures"].items())
        assert told["figures"].get("precision") == row.get("precision")


def test_the_catalogue_tells_every_application_with_its_numbers_and_their_origin(application: Any) -> None:
    told = get(application, "/api/v1/applications").json()
    assert told["simulated"] is True
    assert [(one["id"], one["row"]) for one in told["applications"]] == [(a.id, i) for i, a in enumerate(CATALOGUE)]
    profile = reference()[0].profile
    for one in told["applications"]:
        assert one["name"]["zh"] and one["name"]["en"] and one["says"]["zh"] and one["day"] in (1, 2)
        for number in one["parameters"]:
            written = profile[number["key"]]
            assert (number["value"], number["unit"], number["document"], number["clause"], number["status"]) == (
                written.value, written.unit, written.document, written.clause, written.status,
            )  # fmt: skip
        keys = [number["key"] for number in one["parameters"]]
        own = [key for key in profile if key.startswith(f"app.{one['id'].lower()}.")]
        assert set(own) <= set(keys) and len(keys) == len({number["parameter"] for number in one["parameters"]})


def test_an_application_that_is_not_there_is_told_so_and_pages_are_there_at_every_depth(application: Any) -> None:
    missing = get(application, "/api/v1/applications/XXX/episodes")
    assert missing.status_code == 404 and "XXX" in missing.json()["reason"]
    assert get(application, "/api/v1/applications/fcw/episodes").json() == {"id": "FCW", "episodes": []}
    page, deep = get(application, "/applications"), get(application, "/applications/FCW")
    if page.status_code == 503:
        pytest.skip("the pages are not built: ./jinyun setup")
    assert 'src="./assets/' in page.text and 'src="../assets/' in deep.text and '"./' not in deep.text


def test_an_episode_lasts_from_the_first_frame_that_shows_it_to_the_first_that_does_not() -> None:
    advised = Advised()
    advised.take(frame(1, (5, 2, 1)))
    advised.take(frame(2, (5, 2, 1), (6, 3, 2), x_m=50.0))
    advised.take(frame(3, (6, 3, 2), (5, 2, 3), x_m=80.0))
    advised.take(frame(4, (5, 2, 1), x_m=90.0))
    advised.take(frame(5))
    (five,), (six,) = advised.of(2), advised.of(3)
    assert (five["opened_us"], five["closed_us"]) == (100_000, 500_000)
    assert (six["opened_us"], six["closed_us"]) == (200_000, 400_000)
    assert (five["urgency"], five["x_m"], six["x_m"]) == (3, 80.0, 50.0)  # as it was when most urgent
    assert advised.of(0) == []


def test_a_cloud_that_begins_again_closes_what_was_open_though_numbers_are_the_same() -> None:
    advised = Advised()
    advised.take(frame(900, (1, 2, 1), (2, 2, 1)))
    advised.take(frame(1, (1, 2, 1)))
    episodes = advised.of(2)
    assert [episode["closed_us"] is None for episode in episodes] == [True, False, False]
    advised.take(frame(2, (1, 4, 1)))  # the same number for another application's advice
    assert advised.of(2)[0]["closed_us"] is not None and advised.of(4)[0]["closed_us"] is None


def test_what_is_kept_is_bounded_and_what_is_unknown_is_null() -> None:
    advised = Advised()
    for seq in range(KEPT + 50):
        advised.take(frame(seq, (seq, 1, 1), after_s=math.inf, value=math.nan))
    episodes = advised.of(1)
    assert len(episodes) == KEPT and episodes[0]["episode"] == KEPT + 49
    assert episodes[0]["after_s"] is None and episodes[0]["value"] is None
    json.dumps(episodes, allow_nan=False)


def test_what_is_no_frame_changes_nothing() -> None:
    advised = Advised()
    advised.take(frame(1, (1, 0, 1)))
    whole = frame(2)
    for bad in (b"", b"JYC1", whole[:40], columns.pack({}, {"seq": "x"}), columns.pack({}, {"seq": 2, "t_us": 1})):
        advised.take(bad)
    assert advised.of(0)[0]["closed_us"] is None
    for cut in itertools.islice(range(len(whole)), 0, None, 7):
        advised.take(whole[:cut])
    advised.take(whole)
    assert advised.of(0)[0]["closed_us"] == 200_000
