"""Articles 5 and 6: what the operator of a zone must be able to do; held against what was found, not what was said."""

from __future__ import annotations

from jinyun.supervision.papers import Operator
from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

ID = "97-5"


def operator_can(operator: Operator, profile: Profile) -> list[Breach]:
    """Return which of real-time monitoring, recording of events, replay and network security is not there (第五、六条)."""
    most_s = profile["supervision.items_live_s"].value
    return found(
        ID, "operator",
        (not operator.monitors_live, "monitors_live", f"没有在 {most_s:g} s 内更新的实时监控",
         f"nothing is monitored that is renewed within {most_s:g} s"),
        (not operator.records_events, "records_events", "没有事件记录", "events are not recorded"),
        (not operator.replays, "replays", "事件无法回放", "events cannot be replayed"),
        (not operator.guards_network, "guards_network", "车辆与平台接入未设防护",
         "the way between vehicles and platform is not guarded"),
    )  # fmt: skip
