"""What a zone says of other machines' brokers is taken, or refused in one clear line."""

import argparse
from pathlib import Path

import pytest

from jinyun.cli import broker, main
from jinyun.net.broker import Centre, Edges, Peers
from jinyun.run import neighbours
from jinyun.run.place import RunError

SECRET = "0123456789abcdef"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(neighbours.CLUSTER_SECRET, SECRET)
    monkeypatch.setenv(neighbours.LINE_SECRET, SECRET)


def test_a_zone_alone_has_no_neighbours() -> None:
    assert neighbours.peers(None, [], "z") is None
    assert neighbours.line(None, None, None) is None


def test_a_node_a_centre_and_an_edge_are_told_apart() -> None:
    others = ["10.0.0.2:6222", "[fd00::3]:6222"]
    assert neighbours.peers("10.0.0.1:6222", others, "z") == Peers("z", "10.0.0.1:6222", tuple(others), SECRET)
    assert neighbours.line("0.0.0.0:7422", None, None) == Edges("0.0.0.0:7422", SECRET)
    assert neighbours.line(None, "centre.example:7422", "east-1") == Centre("centre.example:7422", "east-1", SECRET)


@pytest.mark.parametrize(
    ("edges", "centre", "edge", "word"),
    [
        ("7422", None, None, "no HOST:PORT"),
        ("10.0.0.1:70000", None, None, "no HOST:PORT"),
        ('a":1', None, None, "no HOST:PORT"),
        (None, "10.0.0.1:7422", None, "--edge NAME"),
        (None, "10.0.0.1:7422", "a b", "--edge NAME"),
        (None, None, "east", "--centre HOST:PORT"),
        ("10.0.0.1:7422", "10.0.0.2:7422", "east", "not both"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_cure(
    edges: str | None, centre: str | None, edge: str | None, word: str
) -> None:
    with pytest.raises(RunError, match=word):
        neighbours.line(edges, centre, edge)


@pytest.mark.parametrize("secret", ["", "short", 'sixteen letters"}', "sixteen letters and spaces"])
def test_a_secret_that_is_none_is_refused_by_name(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(neighbours.CLUSTER_SECRET, secret)
    monkeypatch.setenv(neighbours.LINE_SECRET, secret)
    with pytest.raises(RunError, match=neighbours.CLUSTER_SECRET):
        neighbours.peers("10.0.0.1:6222", [], "z")
    with pytest.raises(RunError, match=neighbours.LINE_SECRET):
        neighbours.line("10.0.0.1:7422", None, None)


def test_other_nodes_without_a_place_of_ones_own_are_refused() -> None:
    with pytest.raises(RunError, match="--cluster HOST:PORT"):
        neighbours.peers(None, ["10.0.0.2:6222"], "z")


@pytest.mark.parametrize("name", ["", "../b", "a/b", "-b", "b c", 'b"', "b.example", "b\n", "ü", "n" * 64])
def test_a_broker_node_with_a_bad_name_is_refused_before_anything_is_made_for_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JINYUN_STATE", str(tmp_path))
    assert main(["broker", f"--name={name}", "--cluster", "127.0.0.1:6222"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("jinyun broker: --name ") and "letters, digits" in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_the_machines_own_name_is_a_good_name_for_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "b1.example.org")
    grammar = argparse.ArgumentParser()
    broker.add(grammar.add_subparsers(dest="verb"))
    assert grammar.parse_args(["broker", "--cluster", "127.0.0.1:6222"]).name == "b1"


@pytest.mark.parametrize("name", ["b", "b1", "node_2-east", "9", "n" * 63])
def test_a_good_name_is_taken_and_what_else_is_wrong_is_said(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JINYUN_STATE", str(tmp_path))
    assert main(["broker", "--name", name, "--cluster", "nowhere"]) == 2
    assert "no HOST:PORT" in capsys.readouterr().err
