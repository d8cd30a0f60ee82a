"""Files that are wrong: one clear line and exit code 2, never a stack of Python, whatever is wrong with them."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import pytest
from lxml import etree

from jinyun.cli import trial as cli
from jinyun.trial.catalogue.items import scenarios
from jinyun.trial.fault import TrialError
from jinyun.trial.road import read as read_road
from jinyun.trial.road.reading import read_text as read_road_text
from jinyun.trial.scenario.compact import compile
from jinyun.trial.scenario.reading import read_text
from jinyun.trial.storyboard.play import play
from tests.trial.support import at_time, event, group, placed, scenario, speed_action, straight_road

SLOW = speed_action('<AbsoluteTargetSpeed value="0"/>')
WHOLE = scenario(
    placed("Ego", -1, 0, 10) + placed("Other", -2, 30, 10), group("Ego", event("Slow", SLOW, at_time(1.0)))
)
VALUES = [
    "",
    "NaN",
    "inf",
    "-INF",
    "-1",
    "1e400",
    "abc",
    "0",
    "$x",
    "${1/0}",
    "${",
    "99999999999",
    "true",
    "路",
    "1e9",
    "2.5",
]


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    cli.add(parser.add_subparsers())
    return cli.perform(parser.parse_args(["trial", *words]))


WRONG = {
    "empty": b"", "cut off": WHOLE[: len(WHOLE) // 2], "another language": b"<html></html>", "no XML": b"\x00\xff\xfe",
    "entities within": b'<!DOCTYPE a [<!ENTITY b "c">]><OpenSCENARIO>&b;</OpenSCENARIO>',
    "an actor that is not there": WHOLE.replace(b'<EntityRef entityRef="Ego"/>', b'<EntityRef entityRef="Nobody"/>'),
    "a lane that is not there": WHOLE.replace(b'laneId="-2"', b'laneId="-9"'),
    "a road that is not there": WHOLE.replace(b'roadId="0"', b'roadId="7"'),
    "a word for a number": WHOLE.replace(b's="30"', b's="thirty"'),
    "no road file": WHOLE.replace(b"road.xodr", b"nowhere.xodr"),
    "a version to come": WHOLE.replace(b'revMajor="1"', b'revMajor="2"'),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_one_line_that_names_it_and_exit_code_2(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    straight_road(tmp_path)
    path = tmp_path / "wrong.xosc"
    path.write_bytes(WRONG[kind])
    assert command("play", str(path), "--step", "0.1", "--seconds", "2") == 2
    told = capsys.readouterr().err
    assert told.startswith("jinyun trial: wrong.xosc")
    assert told.count("\n") == 1
    assert "Traceback" not in told


def test_what_is_not_played_is_exit_code_1_of_check_and_what_cannot_be_read_2(tmp_path: Path) -> None:
    straight_road(tmp_path)
    path = tmp_path / "one.xosc"
    for data, code in ((WHOLE, 0), (WHOLE.replace(SLOW.encode(), b"<Swarm/>"), 1), (b"", 2)):
        path.write_bytes(data)
        assert command("check", str(path)) == code


def mutated(root: etree._Element, chance: random.Random) -> None:
    """Change one thing somewhere."""
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    element, kind = chance.choice(elements), chance.random()
    if kind < 0.6 and element.attrib:
        key = chance.choice(list(element.attrib))
        element.set(key, chance.choice(VALUES)) if chance.random() < 0.8 else element.attrib.pop(key)
    elif kind < 0.75 and (parent := element.getparent()) is not None:
        parent.remove(element)
    elif kind < 0.85:
        element.tag = chance.choice(elements).tag
    elif kind < 0.95:
        element.append(etree.fromstring(etree.tostring(chance.choice(elements))))
    else:
        for child in list(element):
            element.remove(child)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_is_wrong_with_a_scenario_is_more_than_an_error_of_ours(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    hand = read_road(straight_road(tmp_path))
    made = [(compile(form), form.id) for form in chance.sample(list(scenarios().values()), 3)]
    whole = [(WHOLE, hand), *((one.xosc, read_road_text(one.xodr, name)) for one, name in made)]
    told = 0
    for number in range(60):
        text, road = whole[number % len(whole)]
        root = etree.fromstring(text)
        for _ in range(chance.randint(1, 3)):
            mutated(root, chance)
        try:
            play(read_text(etree.tostring(root), "wrong.xosc", tmp_path), road, most_s=1.0)
        except TrialError:
            told += 1
    assert told > 20  # most changes are told of; some change nothing that matters
