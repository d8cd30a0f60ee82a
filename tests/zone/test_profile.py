"""Numbers of standards stand in profiles, each with where it comes from."""

import re
from pathlib import Path

import pytest

from jinyun import zone
from jinyun.zone import ZoneError, load_profile

WRITTEN = {
    "Hz": {"hz"}, "ms": {"ms"}, "s": {"s"}, "min": {"min"}, "h": {"h", "hours"}, "d": {"d", "days"}, "a": {"years"},
    "m": {"m"}, "km": {"km"}, "km/h": {"kmh"}, "m/s": {"mps"}, "m/s2": {"mps2"}, "m/s²": {"mps2"}, "m/s³": {"mps3"},
    "g": {"g"}, "rad": {"rad"}, "rad/s": {"rps"}, "deg": {"deg"}, "fen": {"fen"}, "CNY": {"cny"}, "CNY/km": {"cny"},
    "GB": {"gb"},
}  # fmt: skip
"""How a unit is written in a key."""
PROFILES = sorted(zone.profiles_dir().glob("*.toml"))


def test_a_number_is_asked_for_by_its_key() -> None:
    profile = zone.load(zone.find()).profile
    rate = profile["link.spat_rate_hz"]
    assert (rate.value, rate.unit) == (8, "Hz")
    assert profile["sensing.delay_most_ms"].value == 200


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_number_names_its_document_and_clause_in_both_languages(path: Path) -> None:
    profile = load_profile(path)
    assert len(profile) > 0
    for key, quantity in profile.items():
        assert quantity.document and quantity.clause and quantity.unit and quantity.zh and quantity.en, key
        if quantity.unit in WRITTEN:
            assert WRITTEN[quantity.unit] & set(re.split(r"[._]", key)), (
                f"{key} does not say that it is in {quantity.unit}"
            )


def test_a_key_that_is_not_there_is_told_with_the_nearest() -> None:
    profile = zone.load(zone.find()).profile
    with pytest.raises(KeyError, match=r"national-2020 has no 'link.spat_rate'; did you mean 'link.spat_rate_hz'\?"):
        profile["link.spat_rate"]


def test_a_status_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    text = PROFILES[0].read_text(encoding="utf-8").replace('status = "issued"', 'status = "final"', 1)
    (tmp_path / PROFILES[0].name).write_text(text, encoding="utf-8")
    with pytest.raises(ZoneError, match=r"national-2020.toml: quantities.link.*status: input should be 'issued'"):
        load_profile(tmp_path / PROFILES[0].name)


def test_a_number_may_stand_in_a_file_of_its_subject_but_only_once(tmp_path: Path) -> None:
    whole = PROFILES[0].read_text(encoding="utf-8")
    (tmp_path / PROFILES[0].name).write_text(whole, encoding="utf-8")
    folder = tmp_path / PROFILES[0].stem
    folder.mkdir()
    row = '[quantities."{}"]\nvalue = 2.7\nunit = "s"\ndocument = "d"\nclause = "c"\nstatus = "local"\nzh = "z"\nen = "e"\n'
    (folder / "fcw.toml").write_text(row.format("app.fcw.warn_s"), encoding="utf-8")
    assert load_profile(tmp_path / PROFILES[0].name)["app.fcw.warn_s"].value == 2.7
    (folder / "other.toml").write_text(row.format("link.spat_rate_hz"), encoding="utf-8")
    with pytest.raises(ZoneError, match=r"national-2020/other.toml: quantities.link.spat_rate_hz: stands in another"):
        load_profile(tmp_path / PROFILES[0].name)
