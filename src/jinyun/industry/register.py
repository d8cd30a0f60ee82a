"""The register of firms, products, supplies and output: a folder of four CSV files, changed as wholes."""

from __future__ import annotations

import csv
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from jinyun.industry.tables import FORMS, KEYS, Refusal, Row, read

ORDER = ("firms", "products", "supplies", "output")
SIMULATED = "SIMULATED"
"""A file of this name in the folder says that its data is invented."""


@dataclass
class Register:
    """Rows by form, and whether they are invented."""

    firms: list[Row] = field(default_factory=list)
    products: list[Row] = field(default_factory=list)
    supplies: list[Row] = field(default_factory=list)
    output: list[Row] = field(default_factory=list)
    simulated: bool = False

    def known(self) -> dict[str, set[str]]:
        """Return the ids there are, by form."""
        return {"firms": {row["firm"] for row in self.firms}, "products": {row["product"] for row in self.products}}


def load(folder: Path) -> tuple[Register, dict[str, list[Refusal]]]:
    """Return the register in a folder and, by form, the rows that cannot be taken; a missing file is an empty table."""
    register = Register(simulated=(folder / SIMULATED).exists())
    refused: dict[str, list[Refusal]] = {}
    for form in ORDER:
        path = folder / f"{form}.csv"
        if path.exists():
            rows, bad = read(path, form, register.known())
            setattr(register, form, rows)
            if bad:
                refused[form] = bad
    return register, refused


def take(folder: Path, form: str, path: Path) -> tuple[int, int, list[Refusal]]:
    """Take a table's good rows into the register in ``folder``; return how many are new, how many replace, and refusals.

    The register's file is written beside and put in its place in one step: it is the old or the new one, never a part.
    """
    register, _ = load(folder)
    rows, refused = read(path, form, register.known())
    if not rows:
        return 0, 0, refused
    merged = {tuple(row[name] for name in KEYS[form]): row for row in getattr(register, form)}
    before = len(merged)
    merged.update({tuple(row[name] for name in KEYS[form]): row for row in rows})
    write(folder, form, list(merged.values()))
    new = len(merged) - before
    return new, len(rows) - new, refused


def write(folder: Path, form: str, rows: list[Row]) -> None:
    """Write a form's rows as the register's file."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [column.name for column in FORMS[form]]
    handle, temporary = tempfile.mkstemp(dir=folder, suffix=".csv.new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            for row in rows:
                writer.writerow([_said(row[name]) for name in names])
        Path(temporary).replace(folder / f"{form}.csv")
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)
