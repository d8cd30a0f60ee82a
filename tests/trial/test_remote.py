"""A driver behind the broker drives as it does in process."""

from __future__ import annotations

import asyncio
import math
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jinyun.trial.catalogue.items import load
from jinyun.trial.driver.interface import Light, Observation, Own, Posted, Seen
from jinyun.trial.driver.offers import offer
from jinyun.trial.driver.reference import Reference
from jinyun.trial.driver.remote import observation_of, serve, told
from jinyun.trial.verdict.case import run
from tests.trial.support import limits, numbers, played

ITEM = "gbt41798-6.7.1"


def test_an_observation_survives_its_json_form() -> None:
    own = Own(1.0, 2.0, 0.1, 5.0, -1.0, 3.0, 0.2, 0.0, 6.5, 4.3, 1.9, 2.7)
    seen = Seen("A", "vehicle", 1.0, 2.0, 0.1, 5.0, 0.0, 4.0, 2.0, 30.0, 3.5, 5.0, 0.0, heard=True)
    light, posted = Light("L1", 100.0, "red"), Posted("limit", 10.0, math.inf, 8.0)
    one = Observation(1.5, own, (seen,), (light,), (posted,), ("domain",))
    other = observation_of(told(one))
    assert other.own == own
    assert other.seen == (seen,)
    assert math.isnan(other.lights[0].remaining_s)
    assert (other.posted, other.troubles) == ((posted,), ("domain",))


@pytest.fixture
def broker() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    server = subprocess.Popen([str(Path(sys.executable).with_name("nats-server")), "-a", "127.0.0.1", "-p", str(port)],
                              stderr=subprocess.DEVNULL)  # fmt: skip
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as tries:
            if tries.connect_ex(("127.0.0.1", port)) == 0:
                break
    yield port
    server.terminate()
    server.wait(30)


@pytest.mark.integration
def test_a_driver_behind_the_broker_drives_as_it_does_in_process(broker: int) -> None:
    stop, loop = asyncio.Event(), asyncio.new_event_loop()
    driver = Reference()
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(serve(driver, f"nats://127.0.0.1:{broker}", "trial.driver", stop))
    )
    thread.start()
    item = load()[ITEM]
    case = item.cases()[0]
    try:
        far = run(item, case, offer(f"nats://127.0.0.1:{broker}/trial.driver", numbers()), limits())
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
    assert far.result.digest == played(ITEM).result.digest
