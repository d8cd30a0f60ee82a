"""The drivers that can be chosen by name; others are named ``module:attribute`` or reached over the broker."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import partial

from jinyun.trial.driver.competent import MODELS, Competent
from jinyun.trial.driver.faulty import offers as faulty
from jinyun.trial.driver.interface import Driver, Offer
from jinyun.trial.driver.reference import Reference
from jinyun.trial.driver.remote import Remote
from jinyun.trial.fault import TrialError

PREFIX = "trial.competent."
_ZH = {"careful_human": "谨慎驾驶人（R157）", "reg157": "Reg157", "rss": "RSS", "fsm": "FSM"}
_EN = {"careful_human": "careful human (R157)", "reg157": "Reg157", "rss": "RSS", "fsm": "FSM"}


def offers(numbers: Mapping[str, float]) -> dict[str, Offer]:
    """Return all drivers of our own; ``numbers`` are the competent drivers' from the profile."""
    found = {"reference": Offer("reference", "参考驾驶模型", "reference driver", Reference)}
    found |= faulty()
    for model in MODELS:
        found[model] = Offer(model, _ZH[model], _EN[model], partial(Competent, model, numbers))
    found |= _shuttle()
    return found


def _shuttle() -> dict[str, Offer]:
    try:
        shuttle = importlib.import_module("jinyun.trial.driver.shuttle")
    except ImportError:  # the vehicle's room may be left out of an installation
        return {}
    return {"shuttle": Offer("shuttle", "自动驾驶接驳车", "the zone's automated shuttle", shuttle.make)}


def offer(name: str, numbers: Mapping[str, float]) -> Offer:
    """Return a driver by name or by ``module:attribute``; raises :class:`TrialError`."""
    known = offers(numbers)
    if name in known:
        return known[name]
    if name.startswith("nats://"):
        return Offer(name, name, name, partial(Remote, name))
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            made = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise TrialError(f"driver {name!r}: {error}") from None
        return Offer(name, name, name, made)
    raise TrialError(f"no driver {name!r}; there are {', '.join(known)}, nats://host:port/subject, or module:attribute")


def check(driver: Driver) -> Driver:
    """Return the driver; raises :class:`TrialError` naming what of the interface it lacks."""
    missing = [part for part in ("begin", "drive", "name", "version") if not hasattr(driver, part)]
    if missing:
        raise TrialError(f"driver {type(driver).__name__}: has no {', '.join(missing)}")
    return driver
