"""Reading a file that a person wrote: every fault is told at once, with file, key and reason.

A fault is one line ``FILE: key.path: reason``. Unknown keys are refused (a misspelt key that is silently ignored is a
device that silently does not exist) and the likely meant key is named.
"""

from __future__ import annotations

import difflib
import tomllib
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError


class ZoneError(ValueError):
    """The description of a zone has faults; ``messages`` holds all of them, each ``FILE: key.path: reason``."""

    def __init__(self, messages: Sequence[str]) -> None:
        self.messages = list(messages)
        super().__init__("\n".join(self.messages))


class Written(BaseModel):
    """Base of everything that stands in a zone's files: immutable, and no key beside those it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False, populate_by_name=True)


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's table; raises :class:`ZoneError` with the line where its TOML ends to be TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ZoneError([f"{path.name}: -: no such file in {path.parent}"]) from None
    except UnicodeDecodeError as error:
        raise ZoneError([f"{path.name}: -: byte {error.start} is not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ZoneError([f"{path.name}: -: {error}"]) from None
    except OSError as error:
        raise ZoneError([f"{path.name}: -: {error.strerror}"]) from None


def parse(model: type[Model], table: dict[str, Any], file: str) -> Model:
    """Return ``table`` as ``model``; raises :class:`ZoneError` with one line for each fault."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise ZoneError([_line(fault, model, file) for fault in error.errors()]) from None


def key_path(places: Sequence[str | int]) -> str:
    """Return ``("rsus", 3, "junction")`` as ``rsus[3].junction``."""
    text = ""
    for place in places:
        text += f"[{place}]" if isinstance(place, int) else f".{place}" if text else place
    return text or "-"


def suggestion(wrong: str, known: Sequence[str]) -> str:
    """Return ``"; did you mean 'x'?"`` where a known word is near, else an empty text."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _line(fault: Any, model: type[BaseModel], file: str) -> str:
    places = [place for place in fault["loc"] if not (isinstance(place, str) and place.startswith("function-"))]
    reason = str(fault["msg"])
    if fault["type"] == "extra_forbidden":
        inside = _model_at(model, places[:-1])
        reason = "unknown key" + (suggestion(str(places[-1]), list(inside.model_fields)) if inside else "")
    elif fault["type"] == "missing":
        reason = "missing"
    elif fault["type"] == "value_error":
        reason = reason.removeprefix("Value error, ")
    if fault["type"] not in ("extra_forbidden", "missing", "value_error"):
        given = repr(fault["input"])
        reason = f"{reason[0].lower()}{reason[1:]}, not {given if len(given) < 60 else given[:57] + '...'}"
    return f"{file}: {key_path(places)}: {reason}"


def _model_at(model: type[BaseModel], places: Sequence[str | int]) -> type[BaseModel] | None:
    """Return the model that describes the table at ``places``, or None where none does."""
    at: Any = model
    for place in places:
        at = _bare(at)
        if isinstance(at, type) and issubclass(at, BaseModel):
            fields = at.model_fields
            name = next((n for n, f in fields.items() if place in (n, f.alias)), None)
            at = fields[name].annotation if name else None
        else:
            arguments = get_args(at)
            at = arguments[-1 if get_origin(at) is dict else 0] if arguments else None
    at = _bare(at)
    return at if isinstance(at, type) and issubclass(at, BaseModel) else None


def _bare(annotation: Any) -> Any:
    """Return the annotation without ``| None``."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next((a for a in get_args(annotation) if a is not type(None)), None)
    return annotation
