"""What the data units of GB/T 32960.3 hold: one row a field, for both editions.

A row gives the name, the width in the notation of :mod:`struct`, and how a raw number becomes a quantity: ``raw * scale +
offset`` in ``unit``. One-byte numbers say FE abnormal and FF invalid, wider ones FFFE and FFFF, FFFFFFFE and FFFFFFFF.
"""

from __future__ import annotations

import struct
from typing import NamedTuple


class Field(NamedTuple):
    """One number of a data unit."""

    name: str
    width: str  # B, H or I
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    zh: str = ""


class Layout:
    """A fixed run of fields: their names and one compiled :mod:`struct`."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self.names = tuple(field.name for field in fields)
        self.struct = struct.Struct(">" + "".join(field.width for field in fields))
        self.size = self.struct.size


_STATE = Field("state", "B", zh="车辆状态")
_CHARGE = Field("charge", "B", zh="充电状态")
_MODE = Field("mode", "B", zh="运行模式")
_SPEED = Field("speed", "H", "km/h", 0.1, zh="车速")
_ODOMETER = Field("odometer", "I", "km", 0.1, zh="累计里程")
_VOLTAGE = Field("voltage", "H", "V", 0.1, zh="总电压")
_SOC = Field("soc", "B", "%", zh="SOC")
_DCDC = Field("dcdc", "B", zh="DC-DC状态")
_GEAR = Field("gear", "B", zh="挡位")
_INSULATION = Field("insulation", "H", "kΩ", zh="绝缘电阻")


def _current(offset: float) -> Field:
    return Field("current", "H", "A", 0.1, offset, "总电流")


VEHICLE = {
    2016: Layout(
        _STATE, _CHARGE, _MODE, _SPEED, _ODOMETER, _VOLTAGE, _current(-1000.0), _SOC, _DCDC, _GEAR, _INSULATION,
        Field("accelerator", "B", "%", zh="加速踏板行程"), Field("brake", "B", "%", zh="制动踏板状态"),
    ),
    2025: Layout(
        _STATE, _CHARGE, _MODE, _SPEED, _ODOMETER, _VOLTAGE, _current(-3000.0), _SOC, _DCDC, _GEAR, _INSULATION
    ),
}  # fmt: skip
"""Whole vehicle 整车数据 (item 01)."""

MOTOR = {
    2016: Layout(
        Field("index", "B", zh="驱动电机序号"), Field("state", "B", zh="驱动电机状态"),
        Field("controller_temperature", "B", "°C", 1.0, -40.0, "控制器温度"),
        Field("rotation", "H", "rpm", 1.0, -20000.0, "转速"), Field("torque", "H", "N·m", 0.1, -2000.0, "转矩"),
        Field("temperature", "B", "°C", 1.0, -40.0, "温度"),
        Field("controller_voltage", "H", "V", 0.1, zh="控制器输入电压"),
        Field("controller_current", "H", "A", 0.1, -1000.0, "控制器直流母线电流"),
    ),
    2025: Layout(
        Field("index", "B", zh="驱动电机序号"), Field("state", "B", zh="驱动电机状态"),
        Field("controller_temperature", "B", "°C", 1.0, -40.0, "控制器温度"),
        Field("rotation", "H", "rpm", 1.0, -32000.0, "转速"), Field("torque", "I", "N·m", 0.1, -20000.0, "转矩"),
        Field("temperature", "B", "°C", 1.0, -40.0, "温度"),
    ),
}  # fmt: skip
"""One drive motor 驱动电机 (item 02)."""

FUEL_CELL_HEAD = Layout(
    Field("voltage", "H", "V", 0.1, zh="燃料电池电压"), Field("current", "H", "A", 0.1, zh="燃料电池电流"),
    Field("consumption", "H", "kg/100km", 0.01, zh="燃料消耗率"), Field("probe_count", "H", zh="温度探针总数"),
)  # fmt: skip
FUEL_CELL_TAIL = Layout(
    Field("hydrogen_temperature", "H", "°C", 0.1, -40.0, "氢系统最高温度"), Field("temperature_probe", "B", zh="最高温度探针代号"),
    Field("hydrogen_concentration", "H", zh="氢气最高浓度"), Field("concentration_sensor", "B", zh="最高浓度传感器代号"),
    Field("hydrogen_pressure", "H", "MPa", 0.1, zh="氢气最高压力"), Field("pressure_sensor", "B", zh="最高压力传感器代号"),
    Field("dcdc", "B", zh="高压DC/DC状态"),
)  # fmt: skip
"""Fuel cell 燃料电池 (item 03 of 2016) around its probe temperatures; the unit of concentration is not verified."""

ENGINE = {
    2016: Layout(
        Field("state", "B", zh="发动机状态"), Field("crank_speed", "H", "rpm", zh="曲轴转速"),
        Field("consumption", "H", "L/100km", 0.01, zh="燃料消耗率"),
    ),
    2025: Layout(Field("crank_speed", "H", "rpm", zh="曲轴转速")),
}  # fmt: skip
"""Engine 发动机 (item 04)."""

_PLACE = (Field("longitude", "I", "°", 1e-6, zh="经度"), Field("latitude", "I", "°", 1e-6, zh="纬度"))
POSITION = {
    2016: Layout(Field("status", "B", zh="定位状态"), *_PLACE),
    2025: Layout(Field("status", "B", zh="定位状态"), Field("coordinates", "B", zh="坐标系"), *_PLACE),
}
"""Position 车辆位置 (item 05): status bit 0 invalid, bit 1 south, bit 2 west; coordinates 1 WGS-84, 2 GCJ-02, 3 other."""

EXTREMES = Layout(
    Field("highest_voltage_pack", "B", zh="最高电压电池子系统号"), Field("highest_voltage_cell", "B", zh="最高电压单体代号"),
    Field("highest_voltage", "H", "V", 0.001, zh="单体电压最高值"),
    Field("lowest_voltage_pack", "B", zh="最低电压电池子系统号"), Field("lowest_voltage_cell", "B", zh="最低电压单体代号"),
    Field("lowest_voltage", "H", "V", 0.001, zh="单体电压最低值"),
    Field("highest_temperature_pack", "B", zh="最高温度子系统号"), Field("highest_temperature_probe", "B", zh="最高温度探针号"),
    Field("highest_temperature", "B", "°C", 1.0, -40.0, "最高温度值"),
    Field("lowest_temperature_pack", "B", zh="最低温度子系统号"), Field("lowest_temperature_probe", "B", zh="最低温度探针号"),
    Field("lowest_temperature", "B", "°C", 1.0, -40.0, "最低温度值"),
)  # fmt: skip
"""Extremes 极值数据 (item 06 of 2016)."""

ALARMS_HEAD = Layout(Field("level", "B", zh="最高报警等级"), Field("flags", "I", zh="通用报警标志"))
"""Alarms 报警数据 (item 07 of 2016, 06 of 2025) before its four lists."""

PACK = {
    2016: Layout(
        Field("index", "B", zh="可充电储能子系统号"), Field("voltage", "H", "V", 0.1, zh="电压"),
        Field("current", "H", "A", 0.1, -1000.0, "电流"), Field("cells_total", "H", zh="单体总数"),
        Field("first_cell", "H", zh="本帧起始单体序号"), Field("count", "B", zh="本帧单体总数"),
    ),
    2025: Layout(
        Field("index", "B", zh="动力蓄电池包号"), Field("voltage", "H", "V", 0.1, zh="电压"),
        Field("current", "H", "A", 0.1, -3000.0, "电流"), Field("count", "H", zh="单体总数"),
    ),
}  # fmt: skip
"""One battery pack before its cell voltages (u16, 0.001 V) 可充电储能装置电压 (item 08 of 2016, 07 of 2025)."""

PROBES = Layout(Field("index", "B", zh="可充电储能子系统号"), Field("count", "H", zh="温度探针个数"))
"""One battery pack before its probe temperatures (u8, -40 °C) 可充电储能装置温度 (item 09 of 2016, 08 of 2025)."""

CELL = Field("cells", "H", "V", 0.001, zh="单体电压")
PROBE = Field("temperatures", "B", "°C", 1.0, -40.0, "探针温度")

ITEM_OF = {
    2016: {1: "vehicle", 2: "motors", 3: "fuel_cell", 4: "engine", 5: "position", 6: "extremes", 7: "alarms", 8: "packs",
           9: "probes"},
    2025: {1: "vehicle", 2: "motors", 4: "engine", 5: "position", 6: "alarms", 7: "packs", 8: "probes"},
}  # fmt: skip
"""Which item a type byte opens, edition by edition."""
OPAQUE = {2016: frozenset[int](), 2025: frozenset({0x03, 0x30, 0x31, 0x32})}
"""Types whose bodies no public text describes: carried as bytes to the end of the data unit."""
SIGNATURE = 0xFF
"""2025: what follows is the signature over time and items."""

ALARM_BITS = (
    "temperature_difference", "battery_temperature", "pack_over_voltage", "pack_under_voltage", "soc_low",
    "cell_over_voltage", "cell_under_voltage", "soc_high", "soc_jump", "pack_mismatch", "cell_consistency", "insulation",
    "dcdc_temperature", "brake_system", "dcdc_state", "motor_controller_temperature", "high_voltage_interlock",
    "motor_temperature", "pack_over_charge", "motor_over_speed", "motor_over_current", "supercapacitor_temperature",
    "supercapacitor_pressure", "thermal_event", "hydrogen_leak", "hydrogen_pressure", "hydrogen_temperature",
    "stack_temperature",
)  # fmt: skip
"""Meaning of the alarm flags, bit 0 first; bits 19 and above are of edition 2025."""
