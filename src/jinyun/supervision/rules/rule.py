"""A rule (规则): one article, the rows of the profile it takes its numbers from, one function, two tests at least."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jinyun.zone import Profile

ACT = "工信部联通装〔2021〕97号"


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence in both languages of the pages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Breach:
    """What does not stand up to a rule: whose, which field, and why with the values that prove it."""

    rule: str
    subject: str
    field: str
    reason: Words

    def as_json(self) -> dict[str, Any]:
        words = {"zh": self.reason.zh, "en": self.reason.en}
        return {"rule": self.rule, "subject": self.subject, "field": self.field, "reason": words}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``check`` takes what it is about and the profile, and returns the breaches."""

    id: str
    article: str
    about: Words
    keys: tuple[str, ...]
    check: Callable[..., list[Breach]]
    tests: tuple[str, ...]

    def status(self, profile: Profile) -> str:
        """Return the weakest status among its numbers."""
        order = ("issued", "draft", "local")
        return max((profile[key].status for key in self.keys), key=order.index)

    def as_json(self, profile: Profile) -> dict[str, Any]:
        numbers = {
            key: {name: getattr(profile[key], name) for name in ("value", "unit", "document", "clause", "status")}
            for key in self.keys
        }
        return {
            "id": self.id, "article": f"{ACT} {self.article}", "zh": self.about.zh, "en": self.about.en,
            "profile": numbers, "status": self.status(profile), "tests": list(self.tests),
        }  # fmt: skip


def found(rule: str, subject: str, *faults: tuple[bool, str, str, str]) -> list[Breach]:
    """Return a breach for each (holds, field, zh, en) whose first is true."""
    return [Breach(rule, subject, field, Words(zh, en)) for holds, field, zh, en in faults if holds]
