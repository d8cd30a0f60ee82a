"""Bad drivers (故障驾驶): the reference driver with one ability missing each, so that one knows that an item can fail."""

from __future__ import annotations

from functools import partial

from jinyun.trial.driver.interface import Offer
from jinyun.trial.driver.reference import Reference

_SAID = {
    "red_light": ("闯红灯", "runs red lights"),
    "green_light": ("绿灯不起步", "does not start at green"),
    "lead": ("不跟车减速", "does not see moving vehicles ahead"),
    "obstacle": ("不识别静止障碍物", "does not see what stands"),
    "pedestrian": ("不识别行人", "does not see people on foot"),
    "cyclist": ("不识别骑行者", "does not see cyclists"),
    "cut_in": ("不应对切入", "does not react while somebody cuts in"),
    "crossing": ("不让行横穿车辆", "does not let vehicles cross"),
    "speed_limit": ("超速", "drives too fast"),
    "lane_keeping": ("偏离车道", "does not keep its lane"),
    "stopping": ("不在指定地点停车", "does not stop where it shall"),
    "passing": ("不绕行", "does not pass what stands or is slow"),
    "changing": ("不换道", "does not change lanes"),
    "release": ("不交还控制权", "does not give way to a human's hands"),
    "takeover_request": ("不发出接管请求", "does not ask for a takeover"),
    "minimal_risk": ("不执行最小风险策略", "does not come to a minimal-risk stop"),
    "headway": ("跟车过近", "follows too closely"),
    "cooperation": ("不使用车路协同消息", "does not use messages"),
    "comfort": ("急加速急减速", "jerks"),
    "stop_sign": ("停车让行标志不停车", "does not stop at stop signs"),
}


def offers() -> dict[str, Offer]:
    """Return the bad drivers by name: ``without_red_light`` and so on."""
    return {
        f"without_{ability}": Offer(
            f"without_{ability}", zh, en, partial(Reference, (ability,), f"without_{ability}"), frozenset({ability})
        )
        for ability, (zh, en) in _SAID.items()
    }
