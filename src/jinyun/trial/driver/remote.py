"""A driver behind the broker: each step one request over NATS and its answer, as JSON.

``{"begin": mission}`` is answered by ``{"name": ..., "version": ...}``; ``{"drive": observation}`` by a command:
``accel_mps2``, ``curvature_1pm`` and, where it wants, ``lamps`` and ``request``. Fields are those of :mod:`.interface`; unknown
numbers are null. :func:`serve` is the other end for a driver written in Python.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
from typing import Any, cast

import nats
import numpy as np
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from jinyun.trial.driver.interface import Command, Driver, Light, Mission, Observation, Own, Posted, Seen
from jinyun.trial.fault import TrialError

ANSWER_S = 10.0
"""A driver that does not answer within so long fails its case."""


def told(value: Any) -> Any:
    """Return a mission or observation for JSON."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: told(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return [told(float(number)) for number in value]
    if isinstance(value, tuple):
        return [told(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf" if value < 0 else None)
    return value


def _number(value: Any) -> Any:
    return math.nan if value is None else float(value) if value in ("inf", "-inf") else value


def mission_of(form: dict[str, Any]) -> Mission:
    """Return a mission from its JSON form."""
    columns: dict[str, Any] = {
        key: np.array([_number(n) for n in value]) if isinstance(value, list) else _number(value)
        for key, value in form.items()
    }
    return Mission(**columns)


def observation_of(form: dict[str, Any]) -> Observation:
    """Return an observation from its JSON form."""

    def made(kind: type, one: dict[str, Any]) -> Any:
        return kind(**{key: _number(value) for key, value in one.items()})

    return Observation(
        form["t_s"], made(Own, form["own"]), tuple(made(Seen, one) for one in form["seen"]),
        tuple(made(Light, one) for one in form["lights"]), tuple(made(Posted, one) for one in form["posted"]),
        tuple(form["troubles"]),
    )  # fmt: skip


class Remote:
    """A driver reached by ``nats://host:port/subject``."""

    version = ""

    def __init__(self, address: str) -> None:
        self.name = address
        self.server, _, self.subject = address.removeprefix("nats://").partition("/")
        if not self.server or not self.subject:
            raise TrialError(f"{address}: is not nats://host:port/subject")
        self._loop = asyncio.new_event_loop()
        self._link: Client | None = None

    def begin(self, mission: Mission) -> None:
        """Send the mission."""
        self._ask({"begin": told(mission)})

    def drive(self, observation: Observation) -> Command:
        """Send the observation and return the command that comes back; raises :class:`TrialError` where none does."""
        answer = self._ask({"drive": told(observation)})
        try:
            return Command(float(answer["accel_mps2"]), float(answer["curvature_1pm"]),
                           cast(Any, str(answer.get("lamps", ""))), cast(Any, str(answer.get("request", ""))))  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise TrialError(f"{self.name}: its answer is no command: {error}") from None

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        async def ask() -> bytes:
            if self._link is None:
                self._link = await nats.connect(f"nats://{self.server}", connect_timeout=5, max_reconnect_attempts=1)
            return (await self._link.request(self.subject, json.dumps(question).encode(), timeout=ANSWER_S)).data

        try:
            answer = json.loads(self._loop.run_until_complete(ask()))
        except (TimeoutError, NatsError, OSError, ValueError) as error:
            raise TrialError(f"{self.name}: {type(error).__name__} {error}") from None
        if not isinstance(answer, dict):
            raise TrialError(f"{self.name}: its answer is no object")
        return answer

    def __del__(self) -> None:
        if not self._loop.is_closed():
            if self._link is not None and not self._link.is_closed:
                self._loop.run_until_complete(self._link.close())
            self._loop.close()


async def serve(driver: Driver, server: str, subject: str, stop: asyncio.Event) -> None:
    """Answer for a driver until ``stop`` is set."""
    link = await nats.connect(server)

    async def answer(message: Msg) -> None:
        question = json.loads(message.data)
        if "begin" in question:
            driver.begin(mission_of(question["begin"]))
            await message.respond(json.dumps({"name": driver.name, "version": driver.version}).encode())
        else:
            command = driver.drive(observation_of(question["drive"]))
            await message.respond(json.dumps(told(command)).encode())

    await link.subscribe(subject, cb=answer)
    await link.flush()
    await stop.wait()
    await link.close()
