"""Tables people keep: every bad row refused with line, column and reason, and nothing of it taken."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from jinyun.industry import register, sample, tables

GOOD = ["F{i}", "企业{i}", "chips", "yes", "120"]
SPOILT = {
    "firm": ("", "has blank", "x" * 41, "../F"), "name": ("", "=1+1", "@sum", "a\tb", "x" * 121),
    "link": ("", "chip", "Chips"), "local": ("", "maybe", "1"), "employees": ("", "ten", "-1", "1.5", "nan", "1e9", "１２"),
}  # fmt: skip


def table(path: Path, rows: list[list[str]], form: str = "firms") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[column.name for column in tables.FORMS[form]], *rows])
    return path


def test_of_a_thousand_malformed_rows_each_is_refused_with_line_and_column_and_none_is_taken(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    names = list(SPOILT)
    rows, expected = [], []
    for i in range(1000):
        row = [cell.format(i=i) for cell in GOOD]
        column = names[int(rng.integers(len(names)))]
        row[names.index(column)] = str(rng.choice(np.array(SPOILT[column], object)))
        rows.append(row)
        expected.append((i + 2, column))
    path = table(tmp_path / "firms.csv", rows)
    taken, refused = tables.read(path, "firms")
    assert taken == []
    assert [(one.line, one.column) for one in refused] == expected
    assert all(one.reason for one in refused)
    assert register.take(tmp_path / "register", "firms", path)[:2] == (0, 0)
    assert not (tmp_path / "register" / "firms.csv").exists()


def test_good_rows_between_bad_ones_are_taken_whole_and_the_bad_leave_nothing(tmp_path: Path) -> None:
    rows = [[cell.format(i=i) for cell in GOOD] for i in range(10)]
    rows[3][4], rows[7][2] = "many", "nothing"
    new, replaced, refused = register.take(tmp_path / "r", "firms", table(tmp_path / "t.csv", rows))
    assert (new, replaced, [(one.line, one.column) for one in refused]) == (8, 0, [(5, "employees"), (9, "link")])
    held, bad = register.load(tmp_path / "r")
    assert {row["firm"] for row in held.firms} == {f"F{i}" for i in range(10)} - {"F3", "F7"} and not bad


def test_a_workbook_says_the_same_as_the_text(tmp_path: Path) -> None:
    rows = [[cell.format(i=i) for cell in GOOD] for i in range(5)]
    rows[2][3] = "perhaps"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([column.name for column in tables.FORMS["firms"]])
    for row in rows:
        sheet.append([*row[:4], int(row[4])])
    book.save(tmp_path / "t.xlsx")
    assert tables.read(tmp_path / "t.xlsx", "firms") == tables.read(table(tmp_path / "t.csv", rows), "firms")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b""), ("b.csv", b"\xff\xfe\x00"), ("c.xlsx", b"PK\x03\x04 no"), ("d.csv", b'firm,name\n"open'),
     ("e.csv", "企业,名称\n1,2\n".encode()), ("f.csv", b"firm\0,name\n")],
)  # fmt: skip
def test_what_is_no_table_is_refused_as_a_whole(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    rows, refused = tables.read(tmp_path / name, "firms")
    assert rows == [] and refused and refused[0].line in (0, 1, 2)


def test_rows_that_name_what_is_not_there_or_stand_twice_are_refused(tmp_path: Path) -> None:
    rows = [["P1", "F1", "chips", "片"], ["P2", "F9", "chips", "片"], ["P1", "F1", "ai", "片"]]
    taken, refused = tables.read(table(tmp_path / "p.csv", rows, "products"), "products", {"firms": {"F1"}})
    assert [row["product"] for row in taken] == ["P1"]
    assert [(one.line, one.column) for one in refused] == [(3, "firm"), (4, "product")]
    assert "line 2" in refused[1].reason


def test_templates_are_tables_that_are_taken(tmp_path: Path) -> None:
    for form in tables.FORMS:
        (tmp_path / f"{form}.csv").write_text(tables.template(form), encoding="utf-8")
        rows, refused = tables.read(tmp_path / f"{form}.csv", form)
        assert len(rows) == 1 and refused == []


def test_the_sample_is_labelled_and_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    made = sample.draw(5)
    sample.save(made, tmp_path)
    held, bad = register.load(tmp_path)
    assert held == made and held.simulated and not bad
