"""The kernel reads what the codec of single packets reads, packet by packet and number by number, and refuses the same."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

from jinyun.net.gbt32960 import GbtError, Packet, decode, kernel
from jinyun.net.gbt32960 import columns as many
from jinyun.net.gbt32960.columns import FAULTS, GENERAL, HELD, OK, OTHER, REFUSED, Batch, column_name, join
from jinyun.net.gbt32960.fields import EDITIONS, ITEMS, Field, Layout, Rows
from jinyun.net.gbt32960.quantities import is_stated, place, quantity
from tests.net.gbt32960 import packets
from tests.net.gbt32960.packets import FACTS, VIN, random_report, report, sealed, vehicle

FIELDS = {
    (edition, kind.name): [f for part in kind.parts if isinstance(part, Layout) for f in part.fields]
    for edition in EDITIONS
    for kind in ITEMS[edition].values()
}
ROW_FIELDS = {
    (edition, kind.name): [f for p in kind.parts[0].parts if isinstance(p, Layout) for f in p.fields]
    for edition in EDITIONS
    for kind in ITEMS[edition].values()
    if isinstance(kind.parts[0], Rows)
}


def expected(field: Field, raw: int) -> Any:
    if field.per is None:
        return raw
    return quantity(field, raw) / 3.6 if field.unit == "km/h" else quantity(field, raw)


def same(found: Any, wanted: Any) -> bool:
    found, wanted = float(found), float(wanted)
    return found == wanted or (math.isnan(found) and math.isnan(wanted)) or math.isclose(found, wanted, rel_tol=1e-12)


class Rest:
    """The rows of the tables of their own, taken in their order."""

    def __init__(self, batch: Batch) -> None:
        self.tables = batch.tables
        self.at = dict.fromkeys(("motors", "packs", "cells", "probes"), 0)

    def take(self, table: str) -> dict[str, Any]:
        row = {name: column[self.at[table]] for name, column in self.tables[table].items()}
        self.at[table] += 1
        return row

    def done(self) -> bool:
        return all(self.at[name] == len(self.tables[name]["packet"]) for name in self.at)


def check_aligned(batch: Batch, i: int, packet: Packet) -> None:
    last = {item["item"]: item for item in packet.items}
    for kind in ("vehicle", "extremes", "alarms", "engine", "fuel_cell", "position"):
        table = batch.tables[kind]
        item = last.get(kind)
        if item is None:
            for column in table.values():
                value = column[i]
                assert np.isnan(value) if column.dtype.kind == "f" else value in (0, np.iinfo(np.uint8).max), (
                    kind,
                    value,
                )
            continue
        if kind == "position":
            lon, lat, valid, datum = place(packet.edition, item)
            assert same(table["lon"][i], lon) and same(table["lat"][i], lat) and bool(table["valid"][i]) == valid
            wanted = item.get("coordinates", 0)
            assert table["datum"][i] == (wanted if wanted in (1, 2, 3) else 0)
            assert item["status"] >= 0xFE or ("", "WGS-84", "GCJ-02", "other")[table["datum"][i]] == datum
            continue
        for field in FIELDS[packet.edition, kind]:
            wanted = expected(field, item[field.name])
            if field.name == "flags" and not is_stated(field, wanted):
                wanted = 0
            assert same(table[column_name(field)][i], wanted), (kind, field.name)


def check_rows(rest: Rest, i: int, packet: Packet) -> None:
    for item in packet.items:
        kind = item["item"]
        if kind not in ("motors", "packs", "probes"):
            continue
        for row in item["motors" if kind == "motors" else "packs"]:
            if kind != "probes":
                found = rest.take(kind)
                assert found["packet"] == i
                for field in ROW_FIELDS[packet.edition, kind]:
                    assert same(found[column_name(field)], expected(field, row[field.name])), (kind, field.name)
            if kind == "packs":
                first = row.get("first_cell", 1)
                for n, raw in enumerate(row["cells"]):
                    found = rest.take("cells")
                    volts = np.float32(raw / 1000) if raw < 0xFFFE else math.nan
                    number = first + n if first < 0xFFFE else 0
                    assert (found["packet"], found["pack"], found["cell"]) == (i, row["index"], number)
                    assert same(found["voltage_v"], volts)
            if kind == "probes":
                for n, raw in enumerate(row["temperatures"]):
                    found = rest.take("probes")
                    assert (found["packet"], found["pack"], found["probe"]) == (i, row["index"], 1 + n)
                    assert same(found["temperature_degc"], raw - 40 if raw < 0xFE else math.nan)


def check(frames: list[bytes]) -> Batch:
    """Hold the columns of ``frames`` against the codec of single packets."""
    batch = many.decode(*join(frames))
    rest = Rest(batch)
    for i, frame in enumerate(frames):
        try:
            packet = decode(frame)
        except GbtError as error:
            if frame[2:3] in (b"\2", b"\3") or error.field in ("start", "length", "checksum"):
                assert batch.verdict[i] == REFUSED, (frame.hex(), str(error))
                fault = FAULTS[batch.fault[i]]
                wanted = error.field.split(".")[0].split("[")[0].split(" ")[0]
                assert fault == wanted or (fault, wanted) == ("probes", "packs") or wanted == "levels", (
                    fault,
                    str(error),
                )
            else:
                assert batch.verdict[i] == OTHER  # a command that is no report is not read
            continue
        if packet.command not in (2, 3) or packet.response != 0xFE:
            assert batch.verdict[i] == OTHER
        elif packet.encryption != 1:
            assert batch.verdict[i] == GENERAL
        else:
            assert batch.verdict[i] == OK, (frame.hex(), FAULTS[batch.fault[i]], batch.at[i])
            row = {name: column[i] for name, column in batch.tables["packets"].items()}
            assert row["vin"].decode("latin-1") == packet.vin.rstrip("\0")
            assert row["event_us"] == (packet.event_us or 0)
            assert (row["edition"], row["reissue"]) == (packet.edition, packet.command == 3)
            assert row["items"] == np.bitwise_or.reduce([HELD[item["item"]] for item in packet.items] or [0])
            check_aligned(batch, i, packet)
            check_rows(rest, i, packet)
    assert rest.done()
    return batch


def test_recorded_packets_become_the_same_numbers() -> None:
    batch = check(packets.recorded())
    assert (batch.verdict == OK).sum() == 25 and not (batch.verdict == REFUSED).any()
    assert len(batch.tables["cells"]["voltage_v"]) == 1319
    assert len(batch.tables["probes"]["temperature_degc"]) == 333


@pytest.mark.parametrize("seed", range(4))
def test_random_packets_of_every_kind_become_the_same_numbers(seed: int) -> None:
    rng = random.Random(seed)
    frames = [random_report(rng) for _ in range(300)]
    batch = check(frames)
    assert (batch.verdict == OK).sum() > 250
    held = int(np.bitwise_or.reduce(batch.tables["packets"]["items"]))
    assert held == sum(HELD.values())  # every kind was there


def test_mutated_packets_are_refused_as_the_codec_refuses_them() -> None:
    rng = random.Random(7)
    frames = []
    for _ in range(1500):
        frame = bytearray(random_report(rng))
        for _ in range(rng.randrange(1, 4)):
            frame[rng.randrange(24, len(frame))] = rng.choice((0, 1, 2, 7, 8, 0x80, 0xFE, 0xFF, rng.randrange(256)))
        frames.append(sealed(bytes(frame)) if rng.random() < 0.9 else bytes(frame))
    batch = check(frames)
    assert {FAULTS[fault] for fault in batch.fault.tolist()} >= {
        "checksum",
        "item",
        "motors",
        "packs",
        "probes",
        "alarms",
    }


def test_packets_cut_anywhere_are_refused_as_the_codec_refuses_them() -> None:
    rng = random.Random(8)
    whole = [
        bytes.fromhex(FACTS["motors invalid"]),
        random_report(rng),
        random_report(rng),
        report(2025, [vehicle(2025)]),
    ]
    frames = [frame[:n] for frame in whole for n in range(len(frame))]
    batch = check(frames)
    assert (batch.verdict == REFUSED).all()
    check([sealed(frame[:n] + b"\0") for frame in whole for n in range(25, len(frame) - 1)])


def test_a_bad_packet_costs_only_itself_and_says_where() -> None:
    good = report(2016, [vehicle(), {"item": "motors", "motors": []}])
    cut = sealed(report(2016, [vehicle()])[:-3] + b"\0")
    batch = check([good, cut, good, good[:-1], b"", b"#", b"##", b"garbage of some length that is no packet at all"])
    assert batch.verdict.tolist() == [OK, REFUSED, OK, *[REFUSED] * 5]
    assert [FAULTS[fault] for fault in batch.fault[[1, 3, 7]]] == ["vehicle", "length", "start"]
    assert batch.at[1] == 30  # where the item begins
    assert batch.tables["vehicle"]["speed_mps"].tolist()[::2][:2] == [10.0, 10.0]
    assert batch.tables["packets"]["vin"][[0, 1]].tolist() == [VIN.encode(), b""]


def test_nothing_gives_empty_tables_and_bounds_are_kept() -> None:
    batch = many.decode(*join([]))
    assert all(len(column) == 0 for table in batch.tables.values() for column in table.values())
    buffer, offsets, lengths = join([report(2016, [vehicle()])])
    for bad in ((offsets - 1, lengths), (offsets, lengths + 1), (offsets + 1, lengths), (offsets, -lengths),
                (offsets, np.array([1, 2]))):  # fmt: skip
        with pytest.raises(ValueError):
            many.decode(buffer, *bad)


def test_one_kernel_serves_every_kind_of_buffer() -> None:
    many.warm()
    known = len(kernel.walk.signatures)
    buffer, offsets, lengths = join([report(2016, [vehicle()])])
    for given in (buffer, buffer.copy(), bytearray(buffer.tobytes())):
        assert many.decode(np.asarray(given, np.uint8), offsets, lengths).verdict.tolist() == [OK]
    assert many.decode(buffer, offsets.tolist(), lengths.astype(np.int32)).verdict.tolist() == [OK]
    assert len(kernel.walk.signatures) == known


def test_columns_are_in_the_units_of_their_names() -> None:
    table = many.decode(*join([report(2016, [vehicle()]), report(2025, [vehicle(2025)])])).tables["vehicle"]
    for name, value in (("speed_mps", 10.0), ("odometer_km", 12345.6), ("voltage_v", 380.0), ("current_a", 10.0),
                        ("soc_percent", 80.0), ("insulation_kohm", 1000.0), ("gear", 0x2E)):  # fmt: skip
        assert table[name].tolist() == [value, value], name
    assert table["accelerator_percent"][0] == 10.0 and math.isnan(table["accelerator_percent"][1])
