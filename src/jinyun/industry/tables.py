"""Reading the tables people keep, CSV or XLSX: a row is taken wholly or refused with line, column and reason.

Forms say which columns a table has and what stands in them. A refused row leaves nothing behind; rows that name others
(a product's firm, a supply's buyer) are refused when those are not there. Spreadsheet formulae are not computed and not
taken; text that a spreadsheet would take for a formula is refused, so that nothing imported can act when exported again.
"""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinyun.industry.chain import IDS

MOST_ROWS = 200_000
MOST_BYTES = 64 << 20
MOST_CELL = 500
PERIOD = re.compile(r"(\d{4})-(Q[1-4]|0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken: its line in the file (the header is 1), the column, and why; line 0: the file itself."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True)
class Column:
    """A column of a form: ``read`` makes the value of its text or raises ``ValueError`` with the reason."""

    name: str
    read: Callable[[str], Any]
    zh: str
    en: str
    example: str


def _text(most: int = 120, needed: bool = True) -> Callable[[str], str]:
    def read(text: str) -> str:
        if needed and not text:
            raise ValueError("missing")
        if len(text) > most:
            raise ValueError(f"{len(text)} characters, at most {most}")
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
            raise ValueError("holds a control character")
        if text[:1] in "=+@" or (text[:1] == "-" and len(text) > 1):
            raise ValueError("begins like a formula")
        return text

    return read


def _id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", text):
        raise ValueError("missing" if not text else f"{text[:40]!r} is no id (letters, digits, . _ -, at most 40)")
    return text


def _number(low: float, high: float, whole: bool = False, needed: bool = True) -> Callable[[str], float | int | None]:
    def read(text: str) -> float | int | None:
        if not text and not needed:
            return None
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
            raise ValueError("missing" if not text else f"{text[:40]!r} is no number")
        value = float(text)
        if not math.isfinite(value) or not low <= value <= high:
            raise ValueError(f"{text[:40]} is not within {low:g} to {high:g}")
        if whole and value != int(value):
            raise ValueError(f"{text[:40]} is no whole number")
        return int(value) if whole else value

    return read


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("missing" if not text else f"{text[:40]!r} is none of {', '.join(words)}")
        return text

    return read


def _yes(text: str) -> bool:
    if text not in ("yes", "no", "是", "否"):
        raise ValueError("missing" if not text else f"{text[:40]!r} is neither yes nor no")
    return text in ("yes", "是")


def _period(text: str) -> str:
    if not PERIOD.fullmatch(text):
        raise ValueError("missing" if not text else f"{text[:40]!r} is no period (2025-Q3 or 2025-09)")
    return text


FORMS: dict[str, tuple[Column, ...]] = {
    "firms": (
        Column("firm", _id, "企业编号", "id of the firm", "F001"),
        Column("name", _text(), "企业名称", "its name", "缙云域控（虚构）"),
        Column("link", _one_of(IDS), "产业链环节", "link of the chain", "domain_controller"),
        Column("local", _yes, "是否本地", "within the zone's city", "yes"),
        Column("employees", _number(0, 2_000_000, whole=True), "员工数", "how many work there", "320"),
    ),
    "products": (
        Column("product", _id, "产品编号", "id of the product", "P001"),
        Column("firm", _id, "企业编号", "who makes it", "F001"),
        Column("link", _one_of(IDS), "产业链环节", "link it belongs to", "domain_controller"),
        Column("name", _text(), "产品名称", "its name", "舱驾一体域控"),
    ),
    "supplies": (
        Column("product", _id, "产品编号", "what is supplied", "P001"),
        Column("buyer", _id, "采购企业编号", "to which firm", "F040"),
        Column("value_cny", _number(0, 1e13), "年采购额（元）", "worth in a year", "18500000"),
        Column("year", _number(2000, 2100, whole=True), "年份", "of which year", "2025"),
    ),
    "output": (
        Column("period", _period, "统计期", "quarter or month", "2025-Q3"),
        Column("measure", _one_of(("output_cny", "vehicles", "nev_vehicles", "icv_vehicles")), "指标", "what is counted",
               "icv_vehicles"),
        Column("region", _one_of(("zone", "city", "nation")), "范围", "of whom", "city"),
        Column("value", _number(0, 1e15), "数值", "how much", "120400"),
    ),
}  # fmt: skip
KEYS = {"firms": ("firm",), "products": ("product",), "supplies": ("product", "buyer", "year"),
        "output": ("period", "measure", "region")}  # fmt: skip
REFERS: dict[str, tuple[tuple[str, str], ...]] = {
    "firms": (), "products": (("firm", "firms"),), "supplies": (("product", "products"), ("buyer", "firms")), "output": (),
}  # fmt: skip

Row = dict[str, Any]


class TableError(ValueError):
    """The file cannot be read as a table at all; the message says why."""


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and cells as text; raises :class:`TableError`."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise TableError(f"{size} bytes, at most {MOST_BYTES}")
    if path.suffix.lower() == ".xlsx":
        yield from _sheet(path)
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"byte {error.start} is not UTF-8") from None
    if "\0" in text:
        raise TableError("holds a zero byte")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise TableError(f"line {reader.line_num}: {error}") from None


def _sheet(path: Path) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > 8 * MOST_BYTES:
                raise TableError("unpacks to more than a table may hold")
        book = load_workbook(path, read_only=True, data_only=False)
        try:
            for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), 1):
                if any(cell is not None for cell in cells):
                    yield number, [_cell(cell) for cell in cells]
        finally:
            book.close()
    except TableError:
        raise
    except Exception as error:  # the library raises a family of its own on files that are no workbook
        raise TableError(f"is no XLSX workbook: {type(error).__name__}") from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()


def read(path: Path, form: str, known: Mapping[str, set[str]] | None = None) -> tuple[list[Row], list[Refusal]]:
    """Return the rows of a table that can be taken and the refusals of all others, in the file's order.

    ``known``: ids that exist already, by form (``{"firms": {...}}``); None asks no references. A file that is no table,
    or lacks columns, is refused as a whole (line 0 or 1).
    """
    columns = FORMS[form]
    rows: list[Row] = []
    refused: list[Refusal] = []
    seen: dict[tuple[Any, ...], int] = {}
    place: dict[str, int] = {}
    width = 0
    try:
        for number, (line, cells) in enumerate(lines(path)):
            if number == 0:
                width = len(cells)
                place = {name: i for i, name in enumerate(cells)}
                names = [column.name for column in columns]
                bad = [Refusal(line, name, "no such column") for name in names if name not in place]
                bad += [
                    Refusal(line, name[:40], "the form has no such column")
                    for name in cells
                    if name and name not in names
                ]
                bad += [Refusal(line, name, "stands twice") for name in names if cells.count(name) > 1]
                if bad:
                    return [], bad
                continue
            if number > MOST_ROWS:
                refused.append(Refusal(line, "-", f"more than {MOST_ROWS} rows"))
                break
            row = _row(line, cells, width, columns, place, refused)
            if row is None:
                continue
            key = tuple(row[name] for name in KEYS[form])
            if key in seen:
                refused.append(Refusal(line, KEYS[form][0], f"stands in line {seen[key]} already"))
                continue
            strange = next(((name, other) for name, other in REFERS[form]
                            if known is not None and row[name] not in known.get(other, set())), None)  # fmt: skip
            if strange:
                refused.append(Refusal(line, strange[0], f"no {row[strange[0]]!r} among {strange[1]}"))
                continue
            seen[key] = line
            rows.append(row)
    except TableError as error:
        return [], [Refusal(0, "-", str(error))]
    if not place:
        return [], [Refusal(0, "-", "is empty")]
    return rows, refused


def _row(
    line: int, cells: list[str], width: int, columns: tuple[Column, ...], place: dict[str, int], refused: list[Refusal]
) -> Row | None:
    if len(cells) > width and any(cells[width:]):
        refused.append(Refusal(line, "-", f"{len(cells)} cells under {width} columns"))
        return None
    row: Row = {}
    for column in columns:
        text = cells[place[column.name]] if place[column.name] < len(cells) else ""
        try:
            if len(text) > MOST_CELL:
                raise ValueError(f"{len(text)} characters, at most {MOST_CELL}")
            row[column.name] = column.read(text)
        except ValueError as error:
            refused.append(Refusal(line, column.name, str(error)))
            return None
    return row


def template(form: str) -> str:
    """Return an empty table of a form with one example row, as CSV text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in FORMS[form]])
    writer.writerow([column.example for column in FORMS[form]])
    return out.getvalue()
