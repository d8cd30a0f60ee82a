"""Tolls: offered, answered, asked, paid - once, whatever is said twice or not at all; read by an independent codec."""

import pytest

from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.roadevents import Posting
from tests.cloud.apps.roads import Item, posted
from tests.cloud.apps.scenes import T_US, Mover, straight
from tests.cloud.cooperation.asking import Talk, vehicle
from tests.oracle import compiled

CLOUD = b"CLOUD   "
TIME = {"year": 2026}


def toll(price=3.5):
    return posted(straight(), [Item(0.0, 300.0, price_yuan=price, posting=Posting.TOLL)])


def at(talk, t_s, *heard, movers=None, price=3.5, **more):
    """One step at the toll; return what a vehicle is sent, as asn1tools reads it back."""
    movers = [Mover(0.0, 200.0, 0, 15.0)] if movers is None else movers
    said = talk.at(straight(), movers, *heard, t_s=t_s, posted=toll(price), **more)
    found = []
    for message, who, write in said:
        assert (message, who) == ("vpm", 0)
        value = {"msgCnt": 0, **write(straight().project, T_US + round(t_s * 1e6))}
        data = compiled().encode("VehiclePaymentMessage", value)
        found.append(compiled().decode("VehiclePaymentMessage", data)["payment"])
    return found


def answers(t_s=0.0, source=1):
    content = {"time": TIME, "obuId": vehicle(0).to_bytes(8, "big"), "targetId": CLOUD}
    return Heard("vpm", source, T_US + round(t_s * 1e6), {"payment": ("initialzation-response", content)})


def returns(t_s=0.0, ret="noError", paid=True, source=1):
    content = {"time": TIME, "sourceId": vehicle(0).to_bytes(8, "big"), "targetId": CLOUD, "paymentEntityId": "freeflow",
               "ret": ret} | ({"responseParameter": ("setTollDataRs", {"tacInfo": bytes(4)})} if paid else {})  # fmt: skip
    return Heard("vpm", source, T_US + round(t_s * 1e6), {"payment": ("action-response", content)})


@pytest.mark.parametrize(("price", "fen"), [(3.5, 350), (None, 500)])
def test_one_exchange_from_offer_to_paid(price, fen):
    talk = Talk()
    ((form, offer),) = at(talk, 0.0, price=price)
    assert form == "initialzation-request"
    ((kind, info),) = [tuple(one.values()) for one in offer["paymentList"]]
    assert (kind, info[1]["tollInfo"]["price"]) == ("freeflow", fen)
    ((form, asked),) = at(talk, 0.2, answers(0.2), price=price)
    assert form == "action-request"
    name, content = asked["actionParameter"]
    assert (name, int.from_bytes(content["transPara"]["transAmount"], "big")) == ("setTollDataRq", fen)
    assert asked["targetId"] == vehicle(0).to_bytes(8, "big")
    ((_, shown),) = at(talk, 0.4, returns(0.4), price=price)
    assert shown["actionParameter"] == ("setMMIRq", {"toll": "ok"})
    assert talk.state.kept["RTS"].paid_fen == fen


def test_what_is_said_twice_charges_once_and_asks_with_the_same_number():
    talk = Talk()
    at(talk, 0.0)
    first = at(talk, 0.2, answers(0.2))
    again = at(talk, 0.4, answers(0.4))
    numbers = [one[0][1]["actionParameter"][1]["transPara"]["transSN"] for one in (first, again)]
    assert numbers[0] == numbers[1]
    at(talk, 0.6, returns(0.6), returns(0.6))
    at(talk, 0.8, returns(0.8), answers(0.8))
    known = talk.state.kept["RTS"]
    assert (known.counts["paid"], known.paid_fen, known.counts["repeated"]) == (1, 350, 3)
    assert not at(talk, 5.0)


def test_silence_is_met_three_times_and_refusals_and_strangers_pay_nothing():
    talk = Talk()
    assert [len(at(talk, float(t_s))) for t_s in range(6)] == [1, 1, 1, 0, 0, 0]
    assert talk.state.kept["RTS"].counts["unanswered"] == 1
    talk = Talk()
    at(talk, 0.0)
    at(talk, 0.2, answers(0.2))
    at(talk, 0.3, returns(0.3, "processing", False))
    at(talk, 0.4, returns(0.4, source=9), speaks=lambda who: 1)
    assert talk.state.kept["RTS"].paid_fen == 0
    at(talk, 0.5, returns(0.5, "accessDenied", False))
    assert (talk.state.kept["RTS"].counts["failed"], talk.state.kept["RTS"].paid_fen) == (1, 0)


@pytest.mark.parametrize(
    "movers",
    [
        [Mover(0.0, 200.0, 0, 15.0, connected=False)], [Mover(0.0, 320.0, 0, 15.0)], [Mover(0.0, 20.0, 0, 15.0)], [],
        [Mover(0.0, 200.0, 0, float("nan"))], [Mover(0.0, 200.0, 0, 15.0, "ambulance", report={"siren": 2, "response": 1})],
    ],
)  # fmt: skip
def test_who_does_not_come_to_it_or_has_no_unit_is_offered_nothing(movers):
    assert not at(Talk(), 0.0, movers=movers)
