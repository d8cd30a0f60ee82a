"""An invented register, drawn by rule from a seed and labelled as simulated: for demonstration and for trying out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jinyun.industry.chain import LINKS
from jinyun.industry.register import SIMULATED, Register, write

_HEADS = ("云岭", "江北", "青杠", "金凤", "缙岭", "渝川", "东溪", "白沙", "璧山", "合洲")
_TAILS = {"chips": "芯片", "sensors": "传感", "domain_controller": "域控", "three_electric": "电驱", "software_os": "软件",
          "ai": "智能", "vehicle": "汽车", "roadside": "路侧设备", "application": "出行", "charging": "充电", "testing": "检测",
          "demonstration": "运营"}  # fmt: skip
_PARTS = ("chips", "sensors", "domain_controller", "three_electric", "software_os", "ai")
_BUYS = {"vehicle": _PARTS, "domain_controller": ("chips", "software_os"), "sensors": ("chips",),
         "three_electric": ("chips",), "roadside": ("sensors", "chips", "software_os"),
         "demonstration": ("vehicle",)}  # fmt: skip


def draw(seed: int = 2026) -> Register:
    """Return an invented register: some 90 firms, one link without a local firm, quarters of output since 2022."""
    rng = np.random.default_rng(seed)
    register = Register(simulated=True)
    for link in LINKS:
        many = {"part": 10, "whole": 6, "service": 6}[link.stage] - (2 if link.id in ("ai", "chips") else 0)
        for i in range(many):
            id = f"F{len(register.firms) + 1:03d}"
            local = link.id != "chips" and rng.random() < 0.6
            name = f"{_HEADS[int(rng.integers(len(_HEADS)))]}{_TAILS[link.id]}{i + 1}号（虚构）"
            employees = int(rng.lognormal(5.5, 1))
            register.firms.append({"firm": id, "name": name, "link": link.id, "local": local, "employees": employees})
            if link.stage != "service":
                product = f"P{len(register.products) + 1:03d}"
                register.products.append(
                    {"product": product, "firm": id, "link": link.id, "name": f"{link.zh}{i + 1}型"}
                )
    for firm in register.firms:
        for wanted in _BUYS.get(firm["link"], ()):
            sellers = [row for row in register.products if row["link"] == wanted and row["firm"] != firm["firm"]]
            for row in rng.choice(
                np.array(sellers, object), int(rng.choice([1, 2, 3], p=[0.3, 0.4, 0.3])), replace=False
            ):
                for year in (2024, 2025):
                    worth = float(round(rng.lognormal(17, 1)))
                    register.supplies.append(
                        {"product": row["product"], "buyer": firm["firm"], "value_cny": worth, "year": year}
                    )
    for q in range(15):
        period = f"{2022 + q // 4}-Q{q % 4 + 1}"
        season = (0.9, 1.0, 1.0, 1.15)[q % 4]
        ours = 41_000 * 1.10**q * season * float(np.exp(rng.normal(0, 0.03)))
        nation = 640_000 * 1.07**q * season * float(np.exp(rng.normal(0, 0.02)))
        for measure, region, value in (("icv_vehicles", "city", ours), ("icv_vehicles", "nation", nation),
                                       ("output_cny", "city", ours * 92_000)):  # fmt: skip
            register.output.append(
                {"period": period, "measure": measure, "region": region, "value": float(round(value))}
            )
    return register


def save(register: Register, folder: Path) -> None:
    """Write a register as a folder of tables, with the mark that its data is invented if it is."""
    for form in ("firms", "products", "supplies", "output"):
        write(folder, form, getattr(register, form))
    if register.simulated:
        (folder / SIMULATED).write_text(
            "虚构数据 Every firm and figure here is invented (jinyun.industry.sample).\n", "utf-8"
        )
