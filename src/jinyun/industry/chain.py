"""The links of the chain (产业链环节), from parts to operation, by which firms and products are sorted."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """One link: its id in tables, its stage (part, whole, service) and its names."""

    id: str
    stage: str
    zh: str
    en: str


LINKS = (
    Link("chips", "part", "车规芯片", "Automotive chips"),
    Link("sensors", "part", "传感器", "Sensors"),
    Link("domain_controller", "part", "域控制器", "Domain controllers"),
    Link("three_electric", "part", "三电系统", "Battery, motor, drive control"),
    Link("software_os", "part", "软件与操作系统", "Software and operating systems"),
    Link("ai", "part", "人工智能算法", "Artificial intelligence"),
    Link("vehicle", "whole", "整车", "Vehicles"),
    Link("roadside", "whole", "路侧设备", "Roadside equipment"),
    Link("application", "service", "应用服务", "Applications"),
    Link("charging", "service", "充换电", "Charging"),
    Link("testing", "service", "检测认证", "Testing and certification"),
    Link("demonstration", "service", "示范运营", "Demonstration operation"),
)
IDS = tuple(link.id for link in LINKS)
