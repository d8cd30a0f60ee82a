"""Kinds of events (事件类型): what each is called in both languages, and how grave it is where somebody is told of it."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind's name and its severity as a notice (``info``, ``warning``, ``fault``)."""

    zh: str
    en: str
    severity: str


KINDS = {
    "contact": Kind("疑似碰撞", "possible collision", "fault"),
    "section-exit": Kind("驶出申报路段", "left the declared section", "fault"),
    "fault": Kind("故障", "fault", "warning"),
    "takeover": Kind("接管", "takeover", "warning"),
    "disengagement": Kind("脱离", "disengagement", "warning"),
    "hard-braking": Kind("急减速", "hard braking", "info"),
    "red-light": Kind("闯红灯", "red light run", "info"),
    "remote-command": Kind("远程指令", "remote command", "info"),
    "planned": Kind("计划退出", "planned end of automated mode", "info"),
    "asked": Kind("人工取证", "asked for by hand", "info"),
}


def listing() -> list[dict[str, str]]:
    """Return the kinds as JSON, the gravest first."""
    return [{"id": id, **kind._asdict()} for id, kind in KINDS.items()]


def of(kind: str) -> Kind:
    """Return a kind's words; a breach that has a kind of its own is called by it and is a warning."""
    return KINDS.get(kind, Kind(kind, kind, "warning"))
