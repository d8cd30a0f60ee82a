"""``jinyun run`` as its users meet it: figures, endings, crashes, and everything one can get wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest
import websockets

from jinyun.net.columns import unpack
from tests.conftest import wait_for
from tests.running import ANY_PORTS, Running, command, jinyun, running

pytestmark = pytest.mark.integration


def test_a_run_ends_by_itself_with_its_figures_and_its_record_replays_to_the_same_messages(tmp_path: Path) -> None:
    record = tmp_path / "record"
    done = jinyun("run", "--seconds", "10", "--headless", "--json", "--record", str(record), *ANY_PORTS, state=tmp_path)
    assert done.returncode == 0, done.stderr
    live = json.loads(done.stdout)
    for kind in ("bsm", "rsm", "spat", "map"):
        assert live["sent"][kind] > 50
        assert live["received"][kind] == pytest.approx(live["sent"][kind], rel=0.02)
    assert live["refused"] == 0 and live["lost"] == 0
    assert live["frames"] >= 80 and live["participants_max"] > 100
    assert 0 < live["latency_ms"]["p50"] <= live["latency_ms"]["p99"]
    again = json.loads(jinyun("replay", *map(str, record.glob("*.jyr")), "--json", state=tmp_path).stdout)
    assert again["frames"] - again["items"] == sum(again["received"].values()) >= sum(live["received"].values())
    assert {kind: again["received"].get(kind, 0) for kind in live["received"]} == live["received"]
    assert (again["refused"], again["lost"]) == (0, live["lost"])
    assert again["participants_max"] == pytest.approx(live["participants_max"], rel=0.1)
    assert again["span_s"] > 3


def test_a_second_start_says_where_the_first_is_and_an_end_leaves_no_orphan_and_no_state_of_a_running_zone() -> None:
    with running() as zone:
        env = {**os.environ, "JINYUN_STATE": str(zone.folder.parent)}
        done = subprocess.run(command("run", *ANY_PORTS), capture_output=True, text=True, env=env, timeout=60)
        line = one_line(done)
        assert str(zone.facts["pid"]) in line and zone.page in line
        family = zone.family()
        assert {"nats-server"} <= {p.name() for p in family} and len(family) >= 4
        assert zone.stop(signal.SIGINT) == 0
        _, alive = psutil.wait_procs(family, timeout=1)
        assert not alive
        assert zone.facts == {}


@pytest.mark.long
def test_a_starter_that_is_killed_takes_its_parts_with_it() -> None:
    with running() as zone:
        family = zone.family()
        zone.process.kill()
        _, alive = psutil.wait_procs(family, timeout=15)
        assert not alive


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, (done.returncode, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    return lines[0]


def test_a_port_in_use_is_named_with_the_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--port", "--mqtt-port", "--nats-port"):
            args = [*ANY_PORTS, option, port]
            line = one_line(jinyun("run", *args, state=tmp_path))
            assert port in line and option in line


def test_a_missing_zone_is_named_with_those_there_are(tmp_path: Path) -> None:
    line = one_line(jinyun("run", "no-such-zone", state=tmp_path))
    assert "no-such-zone" in line and "science-city" in line


def test_a_broken_zone_names_file_key_and_reason(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "zone.toml").write_text('format = 1\nid = "broken"\nname = 5 5\n')
    line = one_line(jinyun("run", str(folder), state=tmp_path))
    assert "zone.toml" in line


@pytest.mark.parametrize(
    "args",
    [[], ["fly"], ["run", "--seconds", "-3"], ["run", "--port", "99999"], ["run", "--connected", "2"], ["replay"],
     ["replay", "--speed", "0", "x"], ["bench", "nothing"]],
)  # fmt: skip
def test_wrong_arguments_are_explained_with_exit_code_two(args: list[str]) -> None:
    done = jinyun(*args)
    assert done.returncode == 2 and done.stderr and "Traceback" not in done.stderr


def test_replay_of_what_is_no_recording_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": 1}')
    (tmp_path / "empty.txt").write_text("# nothing\n")
    for name, word in (("x.json", "JSON"), ("empty.txt", "empty"), ("missing.jyr", "No such file")):
        assert word in one_line(jinyun("replay", str(tmp_path / name), "--json", state=tmp_path))
    (tmp_path / "y.txt").write_text("zz\n")
    assert "nothing to play" in one_line(jinyun("replay", str(tmp_path / "y.txt"), "--json", state=tmp_path))


def test_the_status_names_the_zones_rsus_and_their_state(zone_with_world: Running) -> None:
    def all_online() -> bool:
        devices = zone_with_world.status().get("devices", [])
        rsus = [device for device in devices if device["kind"] == "rsu"]
        return len(rsus) >= 24 and all(device["state"] == "online" for device in rsus)

    wait_for(all_online, 30, "all RSUs online")
    status = zone_with_world.status()
    assert status["simulated"] is True
    for device in status["devices"]:
        if device["kind"] == "rsu":
            assert abs(device["clock_offset_ms"]) < 50 and device["lost"] == 0


@pytest.fixture(scope="module")
def zone_with_world() -> Running:  # type: ignore[misc]
    with running() as zone:
        yield zone


def test_ten_viewers_get_every_frame_and_do_not_slow_the_cloud(zone_with_world: Running) -> None:
    """Ten sockets as browsers open them, one of which never reads."""

    async def view(count: int) -> list[int]:
        seen: list[int] = []
        url = zone_with_world.page.replace("http", "ws") + "api/v1/live"
        async with websockets.connect(url, max_size=None) as socket:
            while len(seen) < count:
                message = await socket.recv()
                if isinstance(message, bytes):
                    seen.append(unpack(message)[0]["seq"])
        return seen

    async def all_view() -> list[list[int]]:
        url = zone_with_world.page.replace("http", "ws") + "api/v1/live"
        async with asyncio.timeout(60), websockets.connect(url, max_size=None, max_queue=1):
            return await asyncio.gather(*(view(40) for _ in range(9)))

    before = zone_with_world.status()
    for seen in asyncio.run(all_view()):
        assert seen == sorted(set(seen))
        assert seen[-1] - seen[0] <= 2 * len(seen)  # the newest always: few frames of a busy machine are skipped
    after = zone_with_world.status()
    assert after["shed"] == 0 and after["lost"] == before["lost"]
    wait_for(lambda: zone_with_world.status()["viewers"] == 0, 30, "viewers gone")
