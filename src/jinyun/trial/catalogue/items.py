"""Items and their concrete cases."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from jinyun.trial.driver.reference import ABILITIES
from jinyun.trial.fault import TrialError
from jinyun.trial.scenario.ranges import Spread, concrete
from jinyun.trial.scenario.written import Form, ScenarioForm, checked

FOLDER = Path(__file__).parent
MOST_CASES = 20_000


class RuleForm(Form):
    """A rule with its arguments; a text that begins with ``trial.`` is a number of the profile."""

    rule: str
    args: dict[str, float | str] = {}


class ItemForm(Form):
    """An item as written."""

    id: str
    zh: str
    en: str
    clause: str
    scenario: str
    limits: Literal["unverified", "local", "issued"] = "unverified"
    needs: list[str]
    """Abilities without which a driver fails the item."""
    domain: list[str] = ["urban"]
    """Elements of the operational design domain that it covers."""
    fixed: dict[str, float] = {}
    vary: dict[str, Spread | list[float]] = {}
    sample: Literal["grid", "latin"] = "grid"
    count: int = 0
    rules: list[RuleForm]
    need: float = 1.0
    """Share of cases that must pass."""
    yardstick: bool = False
    """Whether competent drivers are asked as well."""


class SheetForm(Form):
    """A file of items: where they come from."""

    id: str
    zh: str
    en: str
    document: str
    note_zh: str = ""
    note_en: str = ""
    items: list[ItemForm]


@dataclass(frozen=True)
class Case:
    """A concrete case: an item's scenario with all numbers given."""

    item: str
    number: int
    values: dict[str, float]

    @property
    def id(self) -> str:
        """A name that stays: the item and the case's number."""
        return f"{self.item}/{self.number:03d}"


@dataclass(frozen=True)
class Item:
    """An item with its sheet and scenario."""

    sheet: SheetForm
    form: ItemForm
    scenario: ScenarioForm

    @property
    def id(self) -> str:
        return self.form.id

    def cases(self) -> list[Case]:
        """Return the item's concrete cases in their order."""
        rows = concrete(self.form.vary, self.form.sample, self.form.count, self.id)
        return [Case(self.id, k, {**self.form.fixed, **row}) for k, row in enumerate(rows)]

    def digest(self) -> str:
        """Return a hash of all that decides what the item is."""
        told = json.dumps([self.form.model_dump(mode="json"), self.scenario.model_dump(mode="json")], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrialError(f"{path.name}: {error}") from None


@cache
def scenarios(folder: Path = FOLDER) -> dict[str, ScenarioForm]:
    """Return the scenarios of a catalogue by id."""
    found: dict[str, ScenarioForm] = {}
    for path in sorted((folder / "scenarios").glob("*.toml")):
        for written in _toml(path).get("scenarios", []):
            form = checked(written, f"{path.name}: {written.get('id')}")
            if form.id in found:
                raise TrialError(f"{path.name}: {form.id}: comes twice")
            found[form.id] = form
    return found


@cache
def load(folder: Path = FOLDER) -> dict[str, Item]:
    """Return all items by id, in the order of files; raises :class:`TrialError` naming every fault of a file."""
    known = scenarios(folder)
    found: dict[str, Item] = {}
    for path in sorted((folder / "items").glob("*.toml")):
        try:
            sheet = SheetForm.model_validate(_toml(path))
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(str(p) for p in fault['loc'])}: {fault['msg']}" for fault in error.errors()[:8]
            )
            raise TrialError(f"{path.name}: {told}") from None
        for form in sheet.items:
            where = f"{path.name}: {form.id}"
            if form.id in found:
                raise TrialError(f"{where}: comes twice")
            if form.scenario not in known:
                raise TrialError(f"{where}: no scenario {form.scenario!r}")
            if unknown := set(form.needs) - ABILITIES:
                raise TrialError(f"{where}: needs: no ability {', '.join(sorted(unknown))}")
            given = {*form.fixed, *form.vary}
            if unknown := given - set(known[form.scenario].parameters):
                raise TrialError(f"{where}: scenario {form.scenario} has no parameter {', '.join(sorted(unknown))}")
            found[form.id] = Item(sheet, form, known[form.scenario])
    return found


def selected(items: Mapping[str, Item], wanted: list[str]) -> list[Item]:
    """Return the items that names or beginnings of names choose; raises :class:`TrialError` where one chooses none."""
    if not wanted:
        return list(items.values())
    chosen: list[Item] = []
    for name in wanted:
        more = [item for item in items.values() if item.id == name or item.id.startswith(name) or item.sheet.id == name]
        if not more:
            raise TrialError(f"no item {name!r}; `jinyun trial list` names them")
        chosen += [item for item in more if item not in chosen]
    return chosen
