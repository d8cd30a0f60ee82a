"""Findings in both languages: every sentence that the sources hold has its Chinese, with the same values in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jinyun
from jinyun.centre.notices import of_episode
from jinyun.cloud import findings
from jinyun.cloud.quality import judgement, lights

ROOT = Path(jinyun.__file__).parent
ROOMS = (
    *(f"cloud/{name}" for name in ("adviser", "brokerlog", "decode", "forms", "link", "live", "service", "sources")),
    "cloud/roadevents", "cloud/engine/spread", "cloud/quality/agreement", "cloud/quality/broadcast",
    "cloud/quality/claims", "cloud/quality/countdown", "cloud/quality/movement", "cloud/quality/prediction",
    "cloud/quality/received", "cloud/quality/transitions", "cloud/quality/truth", "cloud/tracking/report",
    "net/csae/dissect", "net/rsu_json", "net/radar_json", "net/rsu_status", "net/gbt32960/dialogue",
    "net/gbt32960/plausible", "net/gbt32960/server", "record/writing",
)  # fmt: skip
"""Modules that make findings."""
CHINESE = re.compile("[一-鿿]")


def _texts(node: ast.AST) -> Iterator[str]:
    """Yield the literals of an expression, each of their blanks as a number."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    else:
        for part in ast.iter_child_nodes(node):
            yield from _texts(part)


def _reasons(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a module gives as a finding's reason."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Name) and target.id == "reason" for target in node.targets):
                yield node.value
        elif isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called == "Finding":
                yield from node.args[3:4]
            elif called in ("refuse", "Refusal", "Doubt", "_tell", "FormError", "RadarError"):
                yield from node.args
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
            yield node.value.elts[2]


def _is_sentence(text: str) -> bool:
    """Return whether a literal is a whole sentence, no joint of one and no sentence that another one is put into."""
    return " " in text.strip() and not text.startswith((" ", ",", ";", ":", "7 ", "7;", "7,"))


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_of_a_finding_that_the_sources_hold_has_its_chinese(room: str) -> None:
    reasons = _reasons(ast.parse((ROOT / f"{room}.py").read_text(encoding="utf-8")))
    said = {text for reason in reasons for text in _texts(reason) if _is_sentence(text)}
    told = {text: findings.chinese(text) + findings.chinese(text.removesuffix("7")) for text in said}
    assert [text for text in sorted(told) if not CHINESE.search(told[text])] == []


def test_every_rule_that_the_sources_name_has_a_name_in_both_languages() -> None:
    named: set[str] = set()
    for room in ROOMS:
        for node in ast.walk(ast.parse((ROOT / f"{room}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Finding", "Doubt"):
                named |= {str(each.value) for each in node.args[:1] if isinstance(each, ast.Constant)}
    named |= set(judgement.RULES)
    assert len(named) > 40
    assert [rule for rule in sorted(named) if not CHINESE.search(findings.name(rule)["zh"])] == []
    assert findings.name("nobody.knows") == {"zh": "nobody.knows", "en": "nobody.knows"}


@pytest.mark.parametrize("light", lights.NAMES)
def test_a_light_within_a_sentence_is_said_in_chinese_too(light: str) -> None:
    told = findings.chinese(f"{light} was announced, red came")
    assert "红灯" in told and not re.search("[a-z]{3}", told)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("nothing received for 41 s", "已 41 s 未收到任何数据"),
        ("bsmFrame.id at bit 17: 300 is not in 0..255", "bsmFrame.id（第 17 位）：300 不在 0..255 之内"),
        ("光谷路口: yellow for 2.0 s, 3 s is the least", "光谷路口：黄灯 2.0 s，至少应为 3 s"),
        ("carries no timeStamp and no moy: it cannot be timed by what it says",
         "没有 timeStamp，没有 moy，无法按其内容定时"),
        ("turned 3.1 degrees clockwise, its clock 80 ms behind, by 12 passages that others saw too; "
         "taken out of its sightings",
         "顺时针偏转 3.1 度，时钟慢 80 ms（依据他方也看到的 12 次通过），已从其目标中扣除"),
        ("No space left on device: let 3 of the oldest segments go", "磁盘空间不足：已删除最早的 3 个分段"),
        ("something nobody wrote down", "something nobody wrote down"),
    ],
)  # fmt: skip
def test_a_sentence_keeps_its_values(english: str, chinese: str) -> None:
    assert findings.chinese(english) == chinese


@pytest.mark.parametrize("rule", range(len(judgement.RULES)))
def test_a_sensors_verdict_is_said_as_its_scorecard_says_it(rule: int) -> None:
    for detail in (-1.0, 1.0, 3.0):
        told = findings.chinese(f"{judgement.words(rule, 0.37, detail)[1]} since 07:41")
        assert told.endswith("自 07:41 起") and not re.search("[a-z]{4}", told)


def test_a_notice_of_a_finding_speaks_both_languages() -> None:
    episode = {
        "rule": "device.silent", "source": "rsu/R1", "field": "link", "severity": "fault", "open": True,
        "reason": "nothing received for 41 s",
    }  # fmt: skip
    told = of_episode(episode)
    assert told.title == "设备静默 · device is silent: rsu/R1"
    assert told.text == "已 41 s 未收到任何数据 / nothing received for 41 s"
