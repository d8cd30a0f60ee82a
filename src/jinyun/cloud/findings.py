"""What findings are called and what they say, in both languages (发现项的双语文字): ``findings.toml`` has the Chinese.

A finding carries its rule and one English sentence with the values that prove it. The sentence is found again by its form, its
values are kept, and words that stand among them are said in Chinese as well. What nobody has written in Chinese yet stays as
it is: English is better than nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

DEEPEST = 4
"""Sentences within sentences, at most: a message's field, its reason, and what that quotes."""
_BLANK = re.compile(r"\\\{(\w+)\\\}")
_JOINTS = (", ", " and ")


class _Sentence(NamedTuple):
    form: re.Pattern[str]
    chinese: str


class _Words(NamedTuple):
    rules: Mapping[str, tuple[str, str]]
    around: tuple[_Sentence, ...]
    sentences: tuple[_Sentence, ...]
    words: Mapping[str, str]


@lru_cache(maxsize=1)
def _catalogue() -> _Words:
    told = tomllib.loads(files("jinyun.cloud").joinpath("findings.toml").read_text(encoding="utf-8"))
    # What says more comes first, so that no sentence is taken for a shorter one with the rest in its blank.
    longest = sorted(told["sentences"].items(), key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[0])))
    around, sentences = (
        tuple(_Sentence(re.compile(_form(english), re.DOTALL), chinese) for english, chinese in each)
        for each in (told["around"].items(), longest)
    )
    rules = {rule: (names[0], names[1]) for rule, names in told["rules"].items()}
    return _Words(rules, around, sentences, told["words"])


def _form(english: str) -> str:
    """Return the expression that finds a sentence again, its blanks by name; a name used twice is one value."""
    seen: set[str] = set()

    def blank(match: re.Match[str]) -> str:
        name = match[1]
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>.+?)"

    return _BLANK.sub(blank, re.escape(english))


@lru_cache(maxsize=4096)
def chinese(reason: str) -> str:
    """Return a finding's sentence in Chinese, or as it is where nobody has written it."""
    return _said(reason, 0) or reason


def _said(text: str, depth: int) -> str | None:
    catalogue = _catalogue()
    if (word := catalogue.words.get(text)) is not None:
        return word
    if depth >= DEEPEST:
        return None
    if (said := _filled(catalogue.around, text, depth)) is not None:
        return said
    for joint in _JOINTS:
        parts = text.split(joint)
        told = [_said(part, depth + 1) for part in parts] if len(parts) > 1 else [None]
        if all(told):
            return "，".join(part for part in told if part)
    if (said := _filled(catalogue.sentences, text, depth)) is not None:
        return said
    place, colon, rest = text.partition(": ")
    if colon and (said := _said(rest, depth + 1)) is not None:  # whose it is or which field, then the sentence
        return f"{place}：{said}"
    return None


def _filled(sentences: Iterable[_Sentence], text: str, depth: int) -> str | None:
    """Return the first of the sentences that ``text`` is, in Chinese, with its values."""
    for sentence in sentences:
        if (found := sentence.form.fullmatch(text)) is not None:
            values = {name: _said(value, depth + 1) or value for name, value in found.groupdict().items()}
            return sentence.chinese.format(**values)
    return None


def name(rule: str) -> dict[str, str]:
    """Return what a rule is called, ``{zh, en}``; its own name where it has none."""
    zh, en = _catalogue().rules.get(rule, (rule, rule))
    return {"zh": zh, "en": en}


def listing() -> list[dict[str, str]]:
    """Return all rules with what they are called, ``{id, zh, en}``."""
    return [{"id": rule, "zh": zh, "en": en} for rule, (zh, en) in _catalogue().rules.items()]


def worded(episodes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return episodes with what their rule is called (``name``) and with their reason in Chinese (``reason_zh``)."""
    return [{**each, "name": name(each["rule"]), "reason_zh": chinese(each["reason"])} for each in episodes]
