"""Road tolling service RTS (道路收费服务): a connected vehicle that comes to a toll pays there in VPM, once.

The toll's price is the zone's; where it names none, the profile's. See :mod:`jinyun.cloud.cooperation.tolls` for the exchange.
"""

from __future__ import annotations

import hashlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import tolls
from jinyun.cloud.roadevents import Posting
from jinyun.shapes import SEEN_BY_ITSELF
from jinyun.zone import Projection

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.hearing import Heard
    from jinyun.cloud.cooperation.state import State

CLOUD = b"CLOUD   "
KIND = "freeflow"


def payer_of(heard: Heard) -> int:
    """Return the vehicle that a VPM is of, 0 for one of a roadside."""
    form, value = heard.value["payment"]
    if form == "initialzation-response":
        return int.from_bytes(value["obuId"], "big")
    return int.from_bytes(value["sourceId"], "big") if form == "action-response" else 0


def hear(state: State, heard: Heard) -> None:
    """Take the answer of a vehicle."""
    known: tolls.Tolls = state.kept.setdefault("RTS", tolls.Tolls())
    form, value = heard.value["payment"]
    vehicle = payer_of(heard)
    if value.get("targetId", CLOUD) != CLOUD:
        return
    if form == "initialzation-response":
        known.answered(vehicle)
    elif form == "action-response":
        paid = value.get("responseParameter", ("", None))[0] == "setTollDataRs"
        done = known.returned(vehicle, value["ret"] or "", paid)
        if done is not None:
            state.tell("RTS", "vpm", vehicle, partial(_shown, vehicle))


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Offer to those who come, and say again what was not answered."""
    known: tolls.Tolls = state.kept.setdefault("RTS", tolls.Tolls())
    if len(scene.posted) and len(scene.coming.track):
        come = scene.coming
        toll = scene.posted.rows["posting"][come.place] == Posting.TOLL
        unit = (scene.tracks["seen_by"] & SEEN_BY_ITSELF > 0)[come.track] & (scene.tracks["vehicle_id"][come.track] > 0)
        speed = scene.tracks["speed_mps"][come.track].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            soon = come.metres / speed <= parameters["ahead_s"]
        told = toll & unit & soon & (come.probability >= parameters["probability"]) & ~scene.on_duty[come.track]
        for k in np.flatnonzero(told).tolist():
            posted = scene.posted.rows[come.place[k]]
            price = float(posted["price_yuan"])
            amount = round(price * 100) if np.isfinite(price) else round(parameters["amount_fen"])
            known.offer(int(scene.tracks["vehicle_id"][come.track[k]]), int(posted["number"]), amount, scene.t_us)
    for one in known.due(scene.t_us, int(parameters["again_s"] * 1e6), int(parameters["tries"])):
        write = _offer if one.stage is tolls.Stage.OFFERED else _request
        state.tell("RTS", "vpm", one.vehicle, partial(write, one.vehicle, one.toll, one.amount_fen, one.number))
    known.forget(scene.t_us, int(parameters["kept_s"] * 1e6))


def date_time(t_us: int) -> dict[str, int]:
    """Return DDateTime of an instant, in UTC."""
    at = time.gmtime(t_us // 1_000_000)
    return {
        "year": at.tm_year, "month": at.tm_mon, "day": at.tm_mday, "hour": at.tm_hour, "minute": at.tm_min,
        "second": at.tm_sec * 1000 + t_us // 1000 % 1000, "offset": 0,
    }  # fmt: skip


def _offer(vehicle: int, toll: int, amount: int, number: int, projection: Projection, t_us: int) -> dict[str, Any]:
    info = {"tollingNodeInfo": {"id": toll, "tollingNodeType": "gantry"}, "tollInfo": {"price": amount}}
    services = [{"pid": KIND, "paymentInfo": ("paymentInfoType1", info)}]
    return {"payment": ("initialzation-request", {"time": date_time(t_us), "id": CLOUD, "paymentList": services})}


def _request(vehicle: int, toll: int, amount: int, number: int, projection: Projection, t_us: int) -> dict[str, Any]:
    at = time.gmtime(t_us // 1_000_000)
    parameters = {
        "transAmount": amount.to_bytes(4, "big"), "transType": b"\x09", "terminalID": b"JINYUN",
        "transSN": number.to_bytes(4, "big"), "transTime": bytes.fromhex(time.strftime("%Y%m%d%H%M%S", at)),
        "transStationID": (toll & 0xFFFFFF).to_bytes(3, "big"),
    }  # fmt: skip
    random = hashlib.sha256(f"{vehicle} {toll} {number}".encode()).digest()[:8]
    return _action(vehicle, True, ("setTollDataRq", {"rndRSU": random, "transPara": parameters}), t_us)


def _shown(vehicle: int, projection: Projection, t_us: int) -> dict[str, Any]:
    return _action(vehicle, False, ("setMMIRq", {"toll": "ok"}), t_us)


def _action(vehicle: int, answer: bool, content: tuple[str, dict[str, Any]], t_us: int) -> dict[str, Any]:
    return {"payment": ("action-request", {
        "time": date_time(t_us), "mode": answer, "sourceId": CLOUD, "targetId": vehicle.to_bytes(8, "big"),
        "paymentEntityId": KIND, "actionParameter": content,
    })}  # fmt: skip


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: who pays is told in VPM; the offer ahead is VNFP's."""
    return NOTHING


ABOUT = Application(
    id="RTS", zh="道路收费服务", en="Road tolling service", day=2, reads=("tracks", "paths", "posted"), receivers="vehicle",
    messages=("vpm",), says_zh="道路收费", says_en="Road toll", unit="CNY", advise=advise,
)  # fmt: skip
