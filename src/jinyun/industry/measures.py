"""What the register says of the chain: coverage, gaps, single sources, concentration, local matching, growth, share.

Every figure states what it is of; where there is nothing to divide by, it is None, not zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from jinyun.industry.chain import LINKS
from jinyun.industry.register import Register

LEAST_SOURCES = 2


def herfindahl(values: Iterable[float]) -> float | None:
    """Return the Herfindahl index of concentration, the sum of squared shares: 1 for one supplier, 1/n for n equal ones."""
    given = [value for value in values if value > 0]
    total = sum(given)
    return sum((value / total) ** 2 for value in given) if total > 0 else None


def year_on_year(now: float | None, before: float | None) -> float | None:
    """Return growth against the same period a year before, 0.524 for +52.4 %; None where there was nothing before."""
    return None if now is None or before is None or before <= 0 else now / before - 1


def latest_year(register: Register) -> int | None:
    """Return the last year for which supplies are known."""
    return max((int(row["year"]) for row in register.supplies), default=None)


def links(register: Register) -> list[dict[str, Any]]:
    """Return for each link of the chain: firms, local firms, products, value supplied, local share, Herfindahl index."""
    firms = {row["firm"]: row for row in register.firms}
    products = {row["product"]: row for row in register.products}
    year = latest_year(register)
    by_seller: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in register.supplies:
        if row["year"] == year:
            product = products[row["product"]]
            by_seller[product["link"]][product["firm"]] += row["value_cny"]
    told = []
    for link in LINKS:
        members = [row for row in register.firms if row["link"] == link.id]
        sellers = by_seller[link.id]
        value = sum(sellers.values())
        local = sum(worth for firm, worth in sellers.items() if firms[firm]["local"])
        told.append({
            "link": link.id, "stage": link.stage, "zh": link.zh, "en": link.en, "firms": len(members),
            "local_firms": sum(bool(row["local"]) for row in members),
            "products": sum(row["link"] == link.id for row in register.products),
            "value_cny": value, "local_share": local / value if value > 0 else None, "herfindahl": herfindahl(sellers.values()),
        })  # fmt: skip
    return told


def coverage(register: Register) -> dict[str, Any]:
    """Return how many links have a local firm, of all, and which have none (缺环)."""
    held = {row["link"] for row in register.firms if row["local"]}
    gaps = [link.id for link in LINKS if link.id not in held]
    return {"covered": len(LINKS) - len(gaps), "of": len(LINKS), "share": 1 - len(gaps) / len(LINKS), "gaps": gaps}


def matching_rate(register: Register) -> dict[str, Any]:
    """Return the share of local firms' purchases that is made by local firms (本地配套率), in the last known year."""
    firms = {row["firm"]: row for row in register.firms}
    products = {row["product"]: row for row in register.products}
    year = latest_year(register)
    bought = local = 0.0
    for row in register.supplies:
        if row["year"] == year and firms[row["buyer"]]["local"]:
            bought += row["value_cny"]
            if firms[products[row["product"]]["firm"]]["local"]:
                local += row["value_cny"]
    return {"year": year, "local_cny": local, "of_cny": bought, "share": local / bought if bought > 0 else None}


def single_sources(register: Register) -> list[dict[str, Any]]:
    """Return the buyers that have one supplier only for a link they buy of, the largest value at risk first.

    ``sole`` firms are those without whom, in the graph of who supplies whom, some buyer has nobody for that link.
    ``reach``: how many firms lie downstream of that supplier.
    """
    products = {row["product"]: row for row in register.products}
    year = latest_year(register)
    sources: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    onward: dict[str, set[str]] = defaultdict(set)
    for row in register.supplies:
        if row["year"] == year and row["value_cny"] > 0:
            product = products[row["product"]]
            sources[row["buyer"], product["link"]][product["firm"]] += row["value_cny"]
            onward[product["firm"]].add(row["buyer"])
    found = []
    for (buyer, link), sellers in sources.items():
        if len(sellers) < LEAST_SOURCES:
            ((seller, worth),) = sellers.items()
            found.append({"buyer": buyer, "link": link, "supplier": seller, "value_cny": worth,
                          "reach": len(downstream(onward, seller))})  # fmt: skip
    return sorted(found, key=lambda row: (-row["value_cny"], row["buyer"], row["link"]))


def downstream(onward: dict[str, set[str]], firm: str) -> set[str]:
    """Return all firms that get something of ``firm``, straight or through others; not itself."""
    found: set[str] = set()
    ahead = [firm]
    while ahead:
        for buyer in onward.get(ahead.pop(), ()):
            if buyer not in found and buyer != firm:
                found.add(buyer)
                ahead.append(buyer)
    return found


def series(register: Register, measure: str, region: str) -> list[tuple[str, float]]:
    """Return the periods and values of a measure, in order of time (quarters, or months where there are no quarters)."""
    rows = [(row["period"], float(row["value"])) for row in register.output
            if row["measure"] == measure and row["region"] == region]  # fmt: skip
    quarters = [row for row in rows if "Q" in row[0]]
    return sorted(quarters or rows)


def before(period: str) -> str:
    """Return the same period a year before."""
    return f"{int(period[:4]) - 1}{period[4:]}"


def growth(points: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Return each period with its value, growth on the year, and that of the year so far (累计同比)."""
    value = dict(points)
    told = []
    for period, now in points:
        year = [p for p in value if p[:4] == period[:4] and p <= period]
        past = [value.get(before(p)) for p in year]
        sum_past = None if any(v is None for v in past) else sum(v for v in past if v is not None)
        told.append({
            "period": period, "value": now, "year_on_year": year_on_year(now, value.get(before(period))),
            "so_far": sum(value[p] for p in year), "so_far_year_on_year": year_on_year(sum(value[p] for p in year), sum_past),
        })  # fmt: skip
    return told


def share_of_nation(register: Register, measure: str = "icv_vehicles", region: str = "city") -> list[dict[str, Any]]:
    """Return each year's share of the nation, over the periods that both report."""
    ours, theirs = dict(series(register, measure, region)), dict(series(register, measure, "nation"))
    years: dict[str, list[str]] = defaultdict(list)
    for period in ours:
        if period in theirs:
            years[period[:4]].append(period)
    told = []
    for year, periods in sorted(years.items()):
        part, whole = sum(ours[p] for p in periods), sum(theirs[p] for p in periods)
        told.append({"year": int(year), "periods": len(periods), "ours": part, "nation": whole,
                     "share": part / whole if whole > 0 else None})  # fmt: skip
    return told
