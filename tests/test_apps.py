"""``jinyun apps`` as people and programs use it: lists, explanations with provenance, one line for a wrong name."""

from __future__ import annotations

import json

import pytest

from jinyun.bench.evaluation import measuring
from jinyun.cli import main
from jinyun.cloud.apps import CATALOGUE
from jinyun.net.topics import MESSAGES, SECOND_STAGE


def test_the_list_has_a_line_for_each_application(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apps", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [about.id for about in CATALOGUE]
    assert all(about.zh in line and about.en in line for about, line in zip(CATALOGUE, lines, strict=True))


def test_every_number_of_every_application_says_where_it_is_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apps", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert len({its["id"] for its in listed}) == len(listed) >= 17
    for its in listed:
        assert its["zh"] and its["en"] and its["says_zh"] and its["says_en"] and its["does"], its["id"]
        assert its["day"] in (1, 2) and its["receivers"] in ("vehicle", "person", "unit")
        assert set(its["messages"]) <= {*MESSAGES, *SECOND_STAGE}
        assert {"hold_s", "linger_s", "repeat_s"} <= its["parameters"].keys()
        for name, number in its["parameters"].items():
            assert number["document"] and number["clause"] and number["unit"], f"{its['id']}.{name}"
            assert number["status"] in ("issued", "draft", "local")
            assert number["zh"] and number["en"]


def test_one_is_explained_in_both_languages_with_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apps", "explain", "fcw"]) == 0
    text = capsys.readouterr().out
    about = next(one for one in CATALOGUE if one.id == "FCW")
    assert about.zh in text and about.says_zh in text and about.says_en in text
    assert "warn_s" in text and "own choice" in text and "(local)" in text
    assert main(["apps", "explain", "FCW", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "FCW"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["explain", "FWC"], "no application 'FWC'; did you mean FCW?"),
        (["explain", "~"], "no application '~'; there are"),
        (["evaluate", "--only", "FCW,VRUWC"], "no application 'VRUWC'; did you mean VRUCW?"),
    ],
)
def test_a_wrong_name_is_one_line_and_code_2(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apps", *words]) == 2
    out, err = capsys.readouterr()
    assert not out and err.startswith(f"jinyun apps: {line}") and err.count("\n") == 1


def test_evaluate_hands_on_what_it_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = []

    def evaluate(seconds: float, plan: object, only: list[str] | None) -> dict[str, object]:
        asked.append((seconds, plan, only))
        by_conditions = {"clear_30": {"events": 3, "recall": 0.5}}
        asked_for = {"cases": 5, "positive": 2, "negative": 3, "recall": 1.0}
        return {"applications": [{"id": "FCW", "by_conditions": by_conditions}], "apps": {"CPM": asked_for}}

    monkeypatch.setattr(measuring, "evaluate", evaluate)
    assert main(["apps", "evaluate", "--only", "fcw,ICW", "--seconds", "7", "--seed", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["applications"][0]["id"] == "FCW"
    assert main(["apps", "evaluate"]) == 0
    assert asked[0] == (7.0, {2: measuring.PLAN[2]}, ["FCW", "ICW"])
    assert asked[1] == (measuring.SECONDS, measuring.PLAN, None)
    told = capsys.readouterr().out
    assert "| FCW | clear 30 % | 3 |" in told and "| CPM | 2 | 3 | 1.000 | — |" in told
