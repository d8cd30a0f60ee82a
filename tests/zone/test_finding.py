"""Zones are found by name or path, in a checkout and in an installed package; compiled maps have their place."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import jinyun
from jinyun import zone
from jinyun.zone import ZoneError


def test_no_name_is_the_reference_zone() -> None:
    assert zone.find().name == "science-city"
    assert zone.find("science-city").resolve() == zone.find().resolve()


def test_a_path_is_itself() -> None:
    assert zone.find(zone.find()) == zone.find()


def test_a_zone_of_the_working_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(zone.find(), tmp_path / "zones" / "science-city")
    monkeypatch.chdir(tmp_path)
    assert zone.find("science-city").resolve() == tmp_path / "zones" / "science-city"


def test_an_unknown_name_is_told_with_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ZoneError, match="no such zone; did you mean 'science-city'\\?; there are: science-city"):
        zone.find("science-town")


def test_the_installed_package_finds_what_was_put_inside_it(tmp_path: Path) -> None:
    """Lay the package out as the wheel does: zones and profiles inside it, no checkout around it."""
    source = Path(jinyun.__file__).parent
    site = tmp_path / "site"
    shutil.copytree(source / "zone", site / "jinyun" / "zone")
    (site / "jinyun" / "__init__.py").write_text("")
    shutil.copytree(zone.find(), site / "jinyun" / "zones" / "science-city")
    shutil.copytree(zone.profiles_dir(), site / "jinyun" / "profiles")
    told = subprocess.run(
        [sys.executable, "-c", "from jinyun import zone; z = zone.load(zone.find()); print(z.folder); print(len(z.profile))"],
        cwd=tmp_path, env={"PYTHONPATH": str(site), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stderr == ""
    folder, quantities = told.stdout.split()
    assert folder == str(site / "jinyun" / "zones" / "science-city")
    assert int(quantities) > 5


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"JINYUN_CACHE": "/a/b"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/jinyun"),
        ({"HOME": "/home/somebody"}, "/home/somebody/.cache/jinyun"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JINYUN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert zone.cache_dir() == Path(expected)
