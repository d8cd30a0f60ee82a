"""Supervision in the centre: papers in, duties and breaches out, each company its own; packs that prove themselves."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from jinyun.centre.doorway import COOKIE
from jinyun.centre.replaying import Player, marked
from jinyun.net import columns
from jinyun.record.key import own
from jinyun.record.playing import Reel
from jinyun.state import read_json, write_json
from jinyun.supervision.events import Event
from jinyun.supervision.evidence import verify
from jinyun.supervision.evidence.pack import FOLDER, make
from jinyun.supervision.ledger import Ledger
from tests.centre.asking import Asker, Place, here
from tests.supervision.crash import CRASH_S, T0_US, record
from tests.supervision.papers import declaration, driver, vehicle

A, B = "A", "B"


class Zone:
    """A centre with accounts of two companies and the regulator, a record and an event with its pack."""

    def __init__(self, state: Path) -> None:
        self.state = state
        record(state / "record", own(state))
        write_json(state / "recording.json", {"folder": str(state / "record"), "ring": True})
        self.place = Place(state)
        self.law = self.place.account("law", "regulator")
        self.a, self.b = (self.place.account(f"of-{name}", "company", name) for name in (A, B))
        self.event = Event(
            "contact", T0_US + int(CRASH_S * 1e6), -4.6, 0.0, (7, 9), "轮廓相触", "outlines touch", "VIN-OF-B"
        )
        make(here(), None, state / "record", self.event, state / FOLDER / self.event.id, own(state))
        body = {
            "zh": "轮廓相触",
            "en": "outlines touch",
            "tracks": [7, 9],
            "x_m": -4.6,
            "y_m": 0.0,
            "pack": self.event.id,
        }
        Ledger(state).happened(self.event.id, "contact", self.event.t_us, "VIN-OF-B", body)
        for company, name in ((A, "VIN-OF-A"), (B, "VIN-OF-B")):
            car = vehicle(vin=name, plate=f"plate-{company}", subject=company, is_marked=False).model_dump(mode="json")
            paper = declaration(id=f"T-{company}", vin=name, subject=company).model_dump(mode="json")
            person = driver(id=f"D-{company}", subject=company, is_trained=False).model_dump(mode="json")
            for kind, value in (("vehicle", car), ("declaration", paper), ("driver", person)):
                answer = self.law.ask("POST", f"/api/v1/supervision/papers/{kind}", value)
                assert answer.status_code == 201, answer.text
        rows = [{"vehicle": name, "breaches": []} for name in ("VIN-OF-A", "VIN-OF-B")]
        write_json(state / "supervision.json", {"t_us": 1, "vehicles": rows, "refused": {}})


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Zone:
    return Zone(tmp_path_factory.mktemp("state"))


def told(asker: Asker, address: str) -> str:
    answer = asker.get(address)
    assert answer.status_code == 200, (address, answer.text)
    return answer.text


READ = [
    "/api/v1/supervision/vehicles", "/api/v1/supervision/duties", "/api/v1/supervision/breaches",
    "/api/v1/supervision/papers/vehicle", "/api/v1/supervision/papers/declaration", "/api/v1/supervision/papers/driver",
    "/api/v1/supervision/report?first=2026-01-01&last=2026-06-30", "/api/v1/events",
]  # fmt: skip


@pytest.mark.parametrize("address", READ)
def test_the_regulator_sees_all_and_a_company_its_own(zone: Zone, address: str) -> None:
    marks = {A: ("VIN-OF-A", "T-A", "D-A"), B: ("VIN-OF-B", "T-B", "D-B")}
    whole = told(zone.law, address)
    assert any(mark in whole for mark in marks[B])
    for asker, ours, theirs in ((zone.a, A, B), (zone.b, B, A)):
        seen = told(asker, address)
        assert not any(mark in seen for mark in marks[theirs]), address
        if "events" not in address:
            assert any(mark in seen for mark in marks[ours])
    assert zone.place.nobody.get(address).status_code == 401


def test_declared_roads_are_called_by_their_names_and_events_by_what_they_are(zone: Zone) -> None:
    roads = zone.law.get("/api/v1/supervision/papers/declaration").json()["roads"]
    assert roads["yungu"] == {"zh": "云谷大道", "en": "Yungu Avenue"}
    listed = zone.law.get("/api/v1/events").json()
    assert {event["name"]["zh"] for event in listed["events"] if event["kind"] == "contact"} == {"疑似碰撞"}
    assert {event["kind"] for event in listed["events"]} <= {kind["id"] for kind in listed["kinds"]}
    calendar = zone.law.get("/api/v1/supervision/duties").json()["calendar"]
    assert {"year": 2026, "number": "国办发明电〔2025〕7号"} in calendar


def test_a_company_hands_in_its_own_papers_and_changes_nobody_elses(zone: Zone) -> None:
    own_one = driver(id="D-new", subject=A).model_dump(mode="json")
    assert zone.a.ask("POST", "/api/v1/supervision/papers/driver", own_one).status_code == 201
    for paper in (driver(id="D-x", subject=B), driver(id="D-B", subject=A)):
        assert zone.a.ask("POST", "/api/v1/supervision/papers/driver", paper.model_dump(mode="json")).status_code == 403
    assert zone.law.ask("POST", "/api/v1/supervision/papers/driver", {"id": "D"}).status_code == 422
    assert zone.law.ask("POST", "/api/v1/supervision/papers/shoe", {}).status_code == 404


def test_breaches_and_duties_are_told_in_both_languages(zone: Zone) -> None:
    breaches = json.loads(told(zone.law, "/api/v1/supervision/breaches"))["papers"]
    assert {one["rule"] for one in breaches} >= {"97-7", "97-25"} and all(one["reason"]["zh"] for one in breaches)
    rules = json.loads(told(zone.law, "/api/v1/supervision/rules"))["rules"]
    assert {one["id"] for one in rules} >= {"97-28", "97-36"} and all(len(one["tests"]) >= 2 for one in rules)
    duties = json.loads(told(zone.law, "/api/v1/supervision/duties"))["duties"]
    assert all({"state", "left_s", "zh", "en", "verified"} <= set(one) for one in duties) and duties


def test_the_report_is_a_table_a_page_and_a_workbook(zone: Zone) -> None:
    span = "/api/v1/supervision/report?first=2026-01-01&last=2026-06-30&form="
    assert zone.law.get(span + "xlsx").content[:2] == b"PK"
    assert "Tests" not in told(zone.law, span + "html") and "接管次数" in told(zone.law, span + "html")
    assert "takeovers" in told(zone.law, span + "html&language=en")
    assert zone.law.get("/api/v1/supervision/report?first=2026-06-30&last=2026-01-01").status_code == 422


def test_the_pack_of_an_event_comes_as_a_zip_that_proves_itself(zone: Zone, tmp_path: Path) -> None:
    address = f"/api/v1/events/{zone.event.id}"
    (tmp_path / "pack.zip").write_bytes(zone.law.get(address + "/pack").content)
    assert zipfile.ZipFile(io.BytesIO((tmp_path / "pack.zip").read_bytes())).testzip() is None
    manifest, faults = verify.verify(tmp_path / "pack.zip", own(zone.state).public)
    assert faults == [] and manifest["id"] == zone.event.id
    assert "碰撞" in told(zone.law, address + "/report") and "possible collision" in told(
        zone.law, address + "/report?language=en"
    )
    assert zone.law.get(address + "/report?form=pdf").content.startswith(b"%PDF")
    assert json.loads(told(zone.law, address))["facts"]["coverage"]["before_s"] >= 90
    assert zone.a.get(address).status_code == zone.a.get(address + "/pack").status_code == 404
    assert zone.b.get(address + "/pack").status_code == 200
    assert zone.law.ask("POST", address + "/pack").status_code == 409


def test_a_pack_asked_for_by_hand_is_a_wish_that_supervision_takes_up(zone: Zone) -> None:
    body = {"t_us": T0_US + 50_000_000, "lon": 106.301, "lat": 29.601, "note": "a complaint"}
    answer = zone.law.ask("POST", "/api/v1/events", body)
    assert answer.status_code == 202
    (wish,) = (zone.state / FOLDER / "wishes").glob("*.json")
    assert wish.stem == answer.json()["id"] and read_json(wish)["zh"] == "a complaint"
    assert zone.law.ask("POST", "/api/v1/events", body | {"lat": 84.0}).status_code == 422
    assert zone.a.ask("POST", "/api/v1/events", body).status_code == 403


def test_any_recorded_frame_is_given_and_marked_as_a_replay(zone: Zone) -> None:
    span = json.loads(told(zone.law, "/api/v1/record"))
    assert span["from_us"] == T0_US + 100_000 and span["ring"] is True and span["gaps"] == []
    answer = zone.law.get(f"/api/v1/record/frame?t_us={T0_US + 7_050_000}")
    meta, tables = columns.unpack(answer.content)
    assert meta["clock"] == "replay" and meta["t_us"] == T0_US + 7_000_000 and len(tables["tracks"]["id"]) == 3
    assert zone.law.get("/api/v1/record/frame?t_us=5").status_code == 404
    assert zone.law.get("/api/v1/record/frame?t_us=-5").status_code == 422
    assert zone.a.get("/api/v1/record/frame?t_us=5").status_code == 403


def player(zone: Zone) -> Player:
    return Player(Reel(zone.state / "record"), T0_US + 10_000_000)


def shown(one: Player) -> int:
    found = one.frame()
    assert found is not None
    return (found.t_us - T0_US) // 100_000


def test_a_player_plays_at_any_speed_steps_seeks_and_stops_at_the_end(zone: Zone) -> None:
    one = player(zone)
    assert one.go_on(1.0) is None and shown(one) == 100  # it does not play yet
    assert one.told("play") is None
    assert [frame.seq for frame in (one.go_on(0.1), one.go_on(0.1)) if frame] == [101, 102]
    assert one.go_on(0.05) is None  # no frame is new
    one.told("play 20")
    (leapt,) = [one.go_on(1.0)]
    assert leapt is not None and leapt.seq in (302, 303)
    assert one.told("step") is None and one.speed == 0.0
    after = shown(one)
    one.told("step -3")
    assert shown(one) == after - 3
    one.told(f"seek {T0_US + 129_800_000}")
    one.told("play 600")
    last = one.go_on(1.0)
    assert last is not None and last.seq == 1299
    assert one.go_on(1.0) is None and one.speed == 0.0
    one.told("seek 5")
    assert shown(one) == 1


@pytest.mark.parametrize("word", ["dance", "play fast", "seek nan", "seek 1e300", ""])
def test_a_word_that_a_player_does_not_know_is_told_and_changes_nothing(zone: Zone, word: str) -> None:
    one = player(zone)
    assert one.told(word) is not None
    assert (one.t_us, one.speed) == (T0_US + 10_000_000, 0.0)


def test_a_frame_that_is_marked_is_otherwise_the_recorded_one(zone: Zone) -> None:
    found = Reel(zone.state / "record").at(T0_US + 5_000_000)
    assert found is not None
    before, after = columns.unpack(found.data), columns.unpack(marked(found))
    assert set(after[0]) - set(before[0]) == {"clock", "recorded", "label"}
    for name, table in before[1].items():
        assert all((after[1][name][column] == values).all() for column, values in table.items())


def _kinds(value: Any) -> set[str]:
    return {one["kind"] for one in value["events"]}


def test_events_are_paged_by_time_and_by_kind(zone: Zone) -> None:
    ledger = Ledger(zone.state)
    for number in range(5):
        ledger.happened(f"e{number}", "hard-braking", 1000 + number, "", {"zh": "", "en": ""})
    page = json.loads(told(zone.law, "/api/v1/events?kind=hard-braking&most=2"))
    assert [one["id"] for one in page["events"]] == ["e4", "e3"] and page["next"] == 1003
    page = json.loads(told(zone.law, f"/api/v1/events?kind=hard-braking&most=2&before_us={page['next']}"))
    assert [one["id"] for one in page["events"]] == ["e2", "e1"] and _kinds(page) == {"hard-braking"}
    assert _kinds(json.loads(told(zone.a, "/api/v1/events"))) == set()


class Socket:
    """One viewer's socket to the centre, without a network."""

    def __init__(self, app: Any, address: str, cookie: str) -> None:
        path, _, query = address.partition("?")
        headers = [(b"host", b"centre"), *([(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else [])]
        self.scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
            "scheme": "ws", "server": ("centre", 80), "client": ("127.0.0.1", 1), "subprotocols": [], "root_path": "",
            "asgi": {"version": "3.0"}, "state": {},
        }  # fmt: skip
        self.app = app
        self.inward: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outward: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Socket:
        self.inward.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(self.app(self.scope, self.inward.get, self.outward.put))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.inward.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, 20)

    def say(self, text: str) -> None:
        self.inward.put_nowait({"type": "websocket.receive", "text": text})

    async def hear(self) -> dict[str, Any]:
        return await asyncio.wait_for(self.outward.get(), 20)

    async def frame_us(self) -> int:
        """Return the instant of the next frame, and take the word that follows it."""
        while "bytes" not in (heard := await self.hear()) or heard["bytes"] is None:
            continue
        assert columns.unpack(heard["bytes"])[0]["clock"] == "replay"
        return int(columns.unpack(heard["bytes"])[0]["t_us"])


def test_the_socket_plays_the_record_to_who_may_see_it(zone: Zone) -> None:
    address = f"/api/v1/replay?t_us={T0_US + 20_000_000}"

    async def watched() -> None:
        async with Socket(zone.place.app, address, zone.law.cookie) as socket:
            assert (await socket.hear())["type"] == "websocket.accept"
            assert await socket.frame_us() == T0_US + 20_000_000
            socket.say("step 2")
            assert await socket.frame_us() == T0_US + 20_200_000
            socket.say("play 50")
            later = [await socket.frame_us()]
            while later[-1] < T0_US + 40_000_000:
                later.append(await socket.frame_us())
            assert later[1:] == sorted(set(later[1:]))
            socket.say("sing")
            while "wrong" not in ((await socket.hear()).get("text") or ""):
                continue

    asyncio.run(watched())
    for cookie in (zone.a.cookie, ""):

        async def refused(cookie: str = cookie) -> str:
            async with Socket(zone.place.app, address, cookie) as socket:
                return str((await socket.hear())["type"])

        assert asyncio.run(refused()) in ("websocket.close", "websocket.http.response.start")
