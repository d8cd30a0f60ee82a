"""What the items of GB/T 32960.3 hold: one table for both editions, which every reader and writer of this room follows.

An item (:class:`Kind`) is a row of parts: fixed fields (:class:`Layout`), counted numbers (:class:`Run`), counted rows
(:class:`Rows`), counted octets (:class:`Octets`). All numbers are big-endian and unsigned. A raw number becomes a quantity
by ``raw / per + offset`` in ``unit``; a field without ``per`` is a code, an index or a set of bits. One-byte numbers say FE
abnormal and FF invalid, wider ones FFFE and FFFF, FFFFFFFE and FFFFFFFF; a count that says so leaves its list out.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

Text = tuple[str, str]
"""The same said in Chinese and in English."""
EDITIONS = (2016, 2025)
INVALID = {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}
"""What each width says where there is nothing to say; one less is abnormal."""


class Field(NamedTuple):
    """One number of a data unit."""

    name: str
    width: str  # B, H or I, as in :mod:`struct`
    zh: str
    unit: str = ""
    per: int | None = None  # how many of the raw number make one unit; None: a code, not a quantity
    offset: int = 0  # in the unit
    texts: Mapping[int, Text] | None = None  # what a code says

    @property
    def en(self) -> str:
        return self.name.replace("_", " ")


class Layout:
    """A fixed run of fields: their names, where each begins, and one compiled :mod:`struct`."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self.names = tuple(field.name for field in fields)
        self.struct = struct.Struct(">" + "".join(field.width for field in fields))
        self.size = self.struct.size
        ends = [struct.calcsize(">" + "".join(field.width for field in fields[:n])) for n in range(len(fields))]
        self.at = dict(zip(self.names, ends, strict=True))


class Run(NamedTuple):
    """A count of ``width`` and so many numbers of one field: a tuple under the field's name."""

    width: str
    field: Field


class Rows(NamedTuple):
    """A count of one byte and so many rows of ``parts``: a list of dictionaries under ``name``."""

    name: str
    parts: tuple[Layout | Run, ...]


class Octets(NamedTuple):
    """A length of two bytes and so many octets: bytes under ``name``."""

    name: str


Part = Layout | Run | Rows | Octets


class Kind(NamedTuple):
    """One kind of item: its name and what follows its type byte."""

    name: str
    zh: str
    parts: tuple[Part, ...]


def _code(name: str, zh: str, texts: Mapping[int, Text] | None = None, width: str = "B") -> Field:
    return Field(name, width, zh, texts=texts)


def _celsius(name: str, zh: str) -> Field:
    return Field(name, "B", zh, "°C", 1, -40)


def _place(name: str, zh: str) -> Field:
    return Field(name, "I", zh, "°", 1_000_000)


WORKING = {1: ("工作", "working"), 2: ("断开", "off")}
_DCDC = _code("dcdc", "DC-DC状态", WORKING)
_VOLTAGE = Field("voltage", "H", "电压", "V", 10)
_INDEX = _code("index", "序号")


def _current(offset: int) -> Field:
    return Field("current", "H", "电流", "A", 10, offset)


def _vehicle(current_offset: int) -> tuple[Field, ...]:
    return (
        _code("state", "车辆状态", {1: ("启动", "on"), 2: ("熄火", "off"), 3: ("其他", "other")}),
        _code("charge", "充电状态", {1: ("停车充电", "charging, parked"), 2: ("行驶充电", "charging, driving"),
                                     3: ("未充电", "not charging"), 4: ("充电完成", "charged")}),
        _code("mode", "运行模式", {1: ("纯电", "electric"), 2: ("混动", "hybrid"), 3: ("燃油", "fuel")}),
        Field("speed", "H", "车速", "km/h", 10),
        Field("odometer", "I", "累计里程", "km", 10),
        Field("voltage", "H", "总电压", "V", 10),
        Field("current", "H", "总电流", "A", 10, current_offset),
        Field("soc", "B", "荷电状态", "%", 1),
        _DCDC,
        _code("gear", "挡位"),
        Field("insulation", "H", "绝缘电阻", "kΩ", 1),
    )  # fmt: skip


_PEDALS = (Field("accelerator", "B", "加速踏板行程值", "%", 1), Field("brake", "B", "制动踏板状态", "%", 1))
VEHICLE = {2016: Layout(*_vehicle(-1000), *_PEDALS), 2025: Layout(*_vehicle(-3000))}
"""Whole vehicle 整车数据. Gear: bits 3-0 position, 4 braking force, 5 driving force, 7 (2025) position not valid."""


def _motor(rotation_offset: int, torque: Field) -> tuple[Field, ...]:
    states = {1: ("耗电", "consuming"), 2: ("发电", "generating"), 3: ("关闭", "off"), 4: ("准备", "ready")}
    return (
        _INDEX, _code("state", "驱动电机状态", states), _celsius("controller_temperature", "控制器温度"),
        Field("rotation", "H", "转速", "rpm", 1, rotation_offset), torque, _celsius("temperature", "电机温度"),
    )  # fmt: skip


MOTOR = {
    2016: Layout(
        *_motor(-20_000, Field("torque", "H", "转矩", "N·m", 10, -2000)),
        Field("controller_voltage", "H", "控制器输入电压", "V", 10),
        Field("controller_current", "H", "控制器直流母线电流", "A", 10, -1000),
    ),
    2025: Layout(*_motor(-32_000, Field("torque", "I", "转矩", "N·m", 10, -20_000))),
}
"""One drive motor 驱动电机."""

FUEL_CELL = (
    Layout(_VOLTAGE, _current(0), Field("consumption", "H", "燃料消耗率", "kg/100km", 100)),
    Run("H", _celsius("temperatures", "探针温度")),
    Layout(
        Field("hydrogen_temperature", "H", "氢系统最高温度", "°C", 10, -40), _code("temperature_probe", "最高温度探针代号"),
        Field("hydrogen_concentration", "H", "氢气最高浓度", "", 1), _code("concentration_sensor", "最高浓度传感器代号"),
        Field("hydrogen_pressure", "H", "氢气最高压力", "MPa", 10), _code("pressure_sensor", "最高压力传感器代号"),
        _DCDC,
    ),
)  # fmt: skip
"""Fuel cell 燃料电池 of 2016; which unit its concentration has is not verified."""

_CRANK = Field("crank_speed", "H", "曲轴转速", "rpm", 1)
ENGINE = {
    2016: Layout(
        _code("state", "发动机状态", {1: ("启动", "on"), 2: ("关闭", "off")}), _CRANK,
        Field("consumption", "H", "燃料消耗率", "L/100km", 100),
    ),
    2025: Layout(_CRANK),
}  # fmt: skip
"""Engine 发动机."""

_STATUS, _LON_LAT = _code("status", "定位状态"), (_place("longitude", "经度"), _place("latitude", "纬度"))
DATUMS = {1: ("WGS-84", "WGS-84"), 2: ("GCJ-02", "GCJ-02"), 3: ("其他", "other")}
POSITION = {2016: Layout(_STATUS, *_LON_LAT), 2025: Layout(_STATUS, _code("coordinates", "坐标系", DATUMS), *_LON_LAT)}
"""Position 车辆位置. Status: bit 0 invalid, bit 1 south, bit 2 west; 2016 does not say which coordinate system."""

EXTREMES = Layout(
    _code("highest_voltage_pack", "最高电压电池子系统号"), _code("highest_voltage_cell", "最高电压单体代号"),
    Field("highest_voltage", "H", "单体电压最高值", "V", 1000),
    _code("lowest_voltage_pack", "最低电压电池子系统号"), _code("lowest_voltage_cell", "最低电压单体代号"),
    Field("lowest_voltage", "H", "单体电压最低值", "V", 1000),
    _code("highest_temperature_pack", "最高温度子系统号"), _code("highest_temperature_probe", "最高温度探针序号"),
    _celsius("highest_temperature", "最高温度值"),
    _code("lowest_temperature_pack", "最低温度子系统号"), _code("lowest_temperature_probe", "最低温度探针序号"),
    _celsius("lowest_temperature", "最低温度值"),
)  # fmt: skip
"""Extremes 极值数据 of 2016."""

_ALARMS = (
    Layout(_code("level", "最高报警等级"), _code("flags", "通用报警标志", width="I")),
    Run("B", _code("battery", "可充电储能装置故障代码", width="I")), Run("B", _code("motor", "驱动电机故障代码", width="I")),
    Run("B", _code("engine", "发动机故障代码", width="I")), Run("B", _code("other", "其他故障代码", width="I")),
)  # fmt: skip
_LEVELS = Rows("levels", (Layout(_code("bit", "报警标志位"), _code("level", "报警等级")),))

_CELLS = Field("cells", "H", "单体电压", "V", 1000)
_PACK_2016 = Layout(
    _INDEX, _VOLTAGE, _current(-1000), _code("cells_total", "单体总数", width="H"),
    _code("first_cell", "本帧起始单体序号", width="H"),
)  # fmt: skip
PACKS = {
    2016: Rows("packs", (_PACK_2016, Run("B", _CELLS))),
    2025: Rows("packs", (Layout(_INDEX, _VOLTAGE, _current(-3000)), Run("H", _CELLS))),
}
"""Battery packs and their cells 可充电储能装置电压 (2025: 动力蓄电池最小并联单元电压)."""
PROBES = Rows("packs", (Layout(_INDEX), Run("H", _celsius("temperatures", "探针温度"))))
"""Battery packs and their probes 可充电储能装置温度."""

ITEMS: dict[int, dict[int, Kind]] = {
    2016: {
        0x01: Kind("vehicle", "整车数据", (VEHICLE[2016],)),
        0x02: Kind("motors", "驱动电机数据", (Rows("motors", (MOTOR[2016],)),)),
        0x03: Kind("fuel_cell", "燃料电池数据", FUEL_CELL),
        0x04: Kind("engine", "发动机数据", (ENGINE[2016],)),
        0x05: Kind("position", "车辆位置数据", (POSITION[2016],)),
        0x06: Kind("extremes", "极值数据", (EXTREMES,)),
        0x07: Kind("alarms", "报警数据", _ALARMS),
        0x08: Kind("packs", "可充电储能装置电压数据", (PACKS[2016],)),
        0x09: Kind("probes", "可充电储能装置温度数据", (PROBES,)),
    },
    2025: {
        0x01: Kind("vehicle", "整车数据", (VEHICLE[2025],)),
        0x02: Kind("motors", "驱动电机数据", (Rows("motors", (MOTOR[2025],)),)),
        0x04: Kind("engine", "发动机数据", (ENGINE[2025],)),
        0x05: Kind("position", "车辆位置数据", (POSITION[2025],)),
        0x06: Kind("alarms", "报警数据", (*_ALARMS, _LEVELS)),
        0x07: Kind("packs", "动力蓄电池电压数据", (PACKS[2025],)),
        0x08: Kind("probes", "动力蓄电池温度数据", (PROBES,)),
        0xFF: Kind("signature", "签名", (Layout(_code("algorithm", "签名算法", {1: ("SM2", "SM2"), 2: ("RSA", "RSA"),
                                                                               3: ("ECC", "ECC")})),
                                         Octets("r"), Octets("s"))),
    },
}  # fmt: skip
"""Which item a type byte opens, edition by edition."""
KINDS = tuple(dict.fromkeys(kind.name for edition in EDITIONS for kind in ITEMS[edition].values()))
"""The names of all kinds; custom items and those that no public text describes have names of their own."""
OPAQUE = {2016: frozenset[int](), 2025: frozenset({0x03, 0x30, 0x31, 0x32})}
"""2025: fuel cell, stack, supercapacitor and its extremes; no public text describes their bodies."""
CUSTOM = range(0x80, 0xFF)
"""Types that makers define themselves."""

ALARMS: tuple[tuple[str, str], ...] = (
    ("temperature_difference", "温度差异报警"),
    ("battery_temperature", "电池高温报警"),
    ("pack_over_voltage", "车载储能装置类型过压报警"),
    ("pack_under_voltage", "车载储能装置类型欠压报警"),
    ("soc_low", "SOC低报警"),
    ("cell_over_voltage", "单体电池过压报警"),
    ("cell_under_voltage", "单体电池欠压报警"),
    ("soc_high", "SOC过高报警"),
    ("soc_jump", "SOC跳变报警"),
    ("pack_mismatch", "可充电储能系统不匹配报警"),
    ("cell_consistency", "电池单体一致性差报警"),
    ("insulation", "绝缘报警"),
    ("dcdc_temperature", "DC-DC温度报警"),
    ("brake_system", "制动系统报警"),
    ("dcdc_state", "DC-DC状态报警"),
    ("motor_controller_temperature", "驱动电机控制器温度报警"),
    ("high_voltage_interlock", "高压互锁状态报警"),
    ("motor_temperature", "驱动电机温度报警"),
    ("pack_over_charge", "车载储能装置类型过充报警"),
    ("motor_over_speed", "驱动电机超速报警"),
    ("motor_over_current", "驱动电机过流报警"),
    ("supercapacitor_temperature", "超级电容过温报警"),
    ("supercapacitor_pressure", "超级电容过压力报警"),
    ("thermal_event", "热事件报警"),
    ("hydrogen_leak", "氢气泄漏报警"),
    ("hydrogen_pressure", "氢系统压力异常报警"),
    ("hydrogen_temperature", "氢系统温度异常报警"),
    ("stack_temperature", "燃料电池电堆超温报警"),
)
"""What the general alarm flags say, bit 0 first; bits from 19 on are of edition 2025."""
