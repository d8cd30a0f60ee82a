"""Statements against a recount of the record by other code, to the message; and no row in two statements."""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from jinyun import zone as zones
from jinyun.ledger import counting, journal, statement, tariff
from jinyun.ledger.command import account
from jinyun.ledger.emptiness import driven, emptiness
from jinyun.state import write_json
from jinyun.zone import ZoneError

PRICES = tariff.read(zones.find("science-city"))
T0 = 1_767_225_600_000_000


def write_log(path: Path, messages: list[tuple[int, str, bytes]]) -> None:
    """Write a raw log as its description says, without the code that reads it."""
    out = [b"JYRAW1\n"]
    for t_us, subject, payload in messages:
        body = struct.pack("<qH", t_us, len(subject)) + subject.encode() + payload
        out.append(struct.pack("<II", len(body), zlib.crc32(body)) + body)
    path.write_bytes(b"".join(out))


def some_messages(seed: int, many: int = 3000) -> list[tuple[int, str, bytes]]:
    rng = np.random.default_rng(seed)
    subjects = [f"jinyun.science-city.{kind}.{device}.up.{word}" for kind, device, word in (
        ("obu", "S1", "bsm"), ("obu", "S2", "bsm"), ("obu", "car7", "bsm"), ("obu", "car8", "vir"), ("rsu", "R1", "rsm"),
        ("rsu", "R1", "spat"), ("sensor", "N1", "rsm"))] + ["something.else"]  # fmt: skip
    t = T0 + np.sort(rng.integers(0, 60_000_000, many))
    return [(int(u), subjects[int(k)], bytes(int(n))) for u, k, n in
            zip(t, rng.integers(len(subjects), size=many), rng.integers(1, 80, many), strict=True)]  # fmt: skip


def whose(subject: str) -> str | None:
    """Return the company by the words of the tariff, read anew: shuttles S*, then all cars, then the roadside."""
    if re.match(r"jinyun\.science-city\.obu\.S", subject):
        return "yunba"
    if ".obu." in subject:
        return "jinche"
    return "roadside" if ".rsu." in subject or ".sensor." in subject else None


@pytest.fixture
def told(tmp_path: Path) -> dict[str, dict]:  # type: ignore[type-arg]
    write_log(tmp_path / "raw.jyr", some_messages(1))
    given = journal.Journal(tmp_path / "usage")
    for i in range(100):
        given.note("yunba", "reader", "api", good=int(i != 7), size=10)
    given.note("stranger", "x", "live", 40, 40)
    given.write(T0 + 5)
    counted = counting.count(tmp_path / "raw.jyr", "science-city", T0, T0 + 60_000_000)
    return statement.statements(PRICES, counted, tmp_path / "usage", T0, T0 + 60_000_000)


def test_totals_equal_a_recount_of_the_record_to_the_message(told: dict[str, dict]) -> None:  # type: ignore[type-arg]
    recount = Counter(whose(subject) for _, subject, _ in some_messages(1))
    for company in ("yunba", "jinche", "roadside"):
        assert told[company]["messages_of_record"] == recount[company]
    assert told[""]["messages_of_record"] == 0
    assert sum(one["messages_of_record"] for one in told.values()) + recount[None] == 3000


def test_what_stands_in_no_statement_is_counted_beside_them_so_that_all_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cars_only = PRICES.model_copy(update={"services": [one for one in PRICES.services if "rsu" not in one.kinds]})
    monkeypatch.setattr(tariff, "read", lambda folder: cars_only)
    write_log(tmp_path / "raw.jyr", some_messages(1))
    zone = zones.load(zones.find("science-city"))
    found = account(zone, tmp_path / "raw.jyr", tmp_path / "usage", T0, T0 + 60_000_000)
    recount = Counter(whose(subject) for _, subject, _ in some_messages(1))
    assert (found["of_no_service"], found["of_no_device"]) == (recount["roadside"], recount[None])
    of_record = sum(one["messages_of_record"] for one in found["statements"])
    assert of_record + found["of_no_service"] + found["of_no_device"] == found["messages"] == 3000


def test_two_statements_never_share_a_row(told: dict[str, dict]) -> None:  # type: ignore[type-arg]
    rows = [(row["subject"], row["service"]) for one in told.values() for row in one["rows"]]
    assert len(rows) == len(set(rows)) > 5


KINDS = st.sampled_from(["obu", "nev", "rsu", "sensor"])
DEVICES = st.sampled_from(["S1", "S2", "car7", "R1", "N1"])
SAID = st.lists(st.tuples(KINDS, DEVICES, st.integers(0, 59), st.integers(0, 300)), max_size=60)
GIVEN = st.lists(
    st.tuples(st.sampled_from(["yunba", "jinche", "roadside", "stranger", ""]), st.sampled_from(["a", "b"]),
              st.sampled_from(["api", "live", "unknown"]), st.integers(0, 500)), max_size=20,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=SAID, given=GIVEN)
def test_whatever_was_said_and_given_no_two_companies_share_a_row_and_all_add_up_to_the_record(
    said: list[tuple[str, str, int, int]],
    given: list[tuple[str, str, str, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("any")
    messages = [(T0 + second * 1_000_000, f"jinyun.science-city.{kind}.{device}.up.rsm", bytes(size))
                for kind, device, second, size in sorted(said, key=lambda one: one[2])]  # fmt: skip
    write_log(folder / "raw.jyr", messages)
    notes = journal.Journal(folder / "usage")
    notes._written = float("inf")  # written once, at the time of the test
    for company, reader, service, units in given:
        notes.note(company, reader, service, units, units)
    notes.write(T0 + 5)
    counted = counting.count(folder / "raw.jyr", "science-city", T0, T0 + 60_000_000)
    told = statement.statements(PRICES, counted, folder / "usage", T0, T0 + 60_000_000)
    rows = [
        (row["subject"], row["service"])
        for id, one in told.items()
        if id
        for row in one["rows"]
        if row["from"] == "record"
    ]
    assert len(rows) == len(set(rows))
    devices = {id: {row["subject"] for row in one["rows"] if row["from"] == "record"} for id, one in told.items()}
    assert sum(map(len, devices.values())) == len(set().union(*devices.values()))
    rows = [(row["subject"], row["service"]) for one in told.values() for row in one["rows"] if row["from"] == "record"]
    assert len(rows) == len(set(rows))
    assert sum(one["messages_of_record"] for one in told.values()) == len(messages)
    assert sum(row["bytes"] for one in told.values() for row in one["rows"] if row["from"] == "record") == sum(
        len(payload) for _, _, payload in messages
    )
    for company in ("yunba", "jinche", "roadside"):
        own = sum(units for owner, _, service, units in given if owner == company and service != "unknown")
        assert sum(row["units"] for row in told[company]["rows"] if row["from"] == "journal") == own


def test_passengers_and_kilometres_are_added_up_from_the_trips_that_the_shuttles_tell(tmp_path: Path) -> None:
    assert driven(tmp_path) == (None, None, 0)
    trip = {"passengers": 4, "km": 2.5}
    write_json(tmp_path / "fleet.json", {"t_us": T0, "vehicles": {
        "S1-1": {"trips": [trip, {"passengers": None, "km": 1.0}], "now": {"passengers": 1, "km": 0.5}},
        "S1-2": {"trips": [], "now": None}, "S1-3": "broken",
    }})  # fmt: skip
    assert driven(tmp_path, T0) == (5, 3.0, 2)
    assert driven(tmp_path, T0 + 1) == (None, None, 0)


def test_amounts_are_units_times_price_to_the_cent_and_add_up(told: dict[str, dict]) -> None:  # type: ignore[type-arg]
    for one in told.values():
        for row in one["rows"]:
            exact = Decimal(str(row["price_cny"])) * row["units"] / row["per"]
            assert abs(Decimal(row["amount_cny"]) - exact) <= Decimal("0.005")
        assert Decimal(one["amount_cny"]) == sum((Decimal(row["amount_cny"]) for row in one["rows"]), Decimal(0))


def test_quality_delivered_is_held_against_the_agreement(told: dict[str, dict]) -> None:  # type: ignore[type-arg]
    row = next(row for row in told["yunba"]["rows"] if row["service"] == "api")
    assert (row["units"], row["good_share"], row["kept"]) == (100, 0.99, False)


def test_what_a_company_that_is_not_in_the_tariff_used_is_nobodys(told: dict[str, dict]) -> None:  # type: ignore[type-arg]
    assert [row["units"] for row in told[""]["rows"]] == [40]


def test_only_messages_of_the_time_are_counted(tmp_path: Path) -> None:
    messages = some_messages(2)
    write_log(tmp_path / "raw.jyr", messages)
    middle = messages[1500][0]
    first = counting.count(tmp_path / "raw.jyr", "science-city", T0, middle)
    second = counting.count(tmp_path / "raw.jyr", "science-city", middle, T0 + 60_000_000)
    assert first.total == sum(t < middle for t, _, _ in messages)
    assert first.total + second.total == 3000


def test_a_cut_record_is_counted_to_the_cut_and_said_so(tmp_path: Path) -> None:
    write_log(tmp_path / "raw.jyr", some_messages(3))
    whole = (tmp_path / "raw.jyr").read_bytes()
    (tmp_path / "raw.jyr").write_bytes(whole[:-7])
    counted = counting.count(tmp_path / "raw.jyr", "science-city")
    assert counted.total == 2999 and len(counted.cut) == 1


def test_the_workbook_and_the_page_hold_the_same_total(told: dict[str, dict], tmp_path: Path) -> None:  # type: ignore[type-arg]
    statement.xlsx(told["jinche"], tmp_path / "s.xlsx")
    rows = list(load_workbook(tmp_path / "s.xlsx").active.iter_rows(values_only=True))  # type: ignore[union-attr]
    assert rows[-1][3] == told["jinche"]["units"] == sum(row[3] for row in rows[2:-1])
    page = statement.html(told["jinche"], "today")
    assert f"{told['jinche']['units']:,}" in page and "虚构" in page


def test_a_broken_line_of_the_journal_is_nobodys_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "usage-20260101.jsonl").write_text(
        '{"t_us": 1, "company": "yunba", "account": "a", "service": "api", "units": 3, "good": 3, "bytes": 1}\n'
        '{"t_us": 1, "company": "yunba", "account": "a", "service": "api", "units": -3, "good": 3, "bytes": 1}\n'
        "{half\n[]\n", encoding="utf-8")  # fmt: skip
    assert [line["units"] for line in journal.read(tmp_path, 0, 10)] == [3]


def test_emptiness_is_shares_of_what_there_was_and_none_where_nothing_is_known(told: dict[str, dict]) -> None:  # type: ignore[type-arg]
    found = emptiness(PRICES, told, 3000, 42.0, passengers=84, vehicle_km=120.0, granted=10, used=4)
    assert found["passengers_per_km"] == pytest.approx(0.7)
    assert found["used_of_granted"] == pytest.approx(0.4)
    assert found["consumed_of_produced"] == pytest.approx(40 / 3000)
    assert found["income_cny"] == pytest.approx(sum(float(one["amount_cny"]) for id, one in told.items() if id))
    assert found["cost_cny"] == pytest.approx(5200 * 42 * 60 / (30 * 86_400), abs=0.01)
    assert emptiness(PRICES, told, 0, 42.0)["consumed_of_produced"] is None


def test_a_tariff_that_counts_a_kind_twice_is_refused(tmp_path: Path) -> None:
    text = (zones.find("science-city") / "ledger.toml").read_text(encoding="utf-8")
    (tmp_path / "ledger.toml").write_text(
        text.replace('kinds = ["rsu", "sensor"]', 'kinds = ["obu"]'), encoding="utf-8"
    )
    with pytest.raises(ZoneError, match="counted by uplink already"):
        tariff.read(tmp_path)
