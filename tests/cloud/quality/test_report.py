"""The report of a zone's scorecard: page, text and JSON, of whole and of broken files."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from jinyun import cli
from jinyun import zone as zones
from jinyun.cloud.quality import figures, report, rollups, sensors

MINUTE_US = 60_000_000
BEGIN_US = 1_795_000_020_000_000 // MINUTE_US * MINUTE_US


def _kept(folder: Path, minutes: int = 3) -> None:
    zone = zones.load(zones.find("science-city"))
    keeps = rollups.Rollups(zone, folder)
    names = ["rsu/RSU-A5", "sensor/<b>N1"]
    sums = np.zeros((2, len(sensors.COLUMNS)))
    sums[:, sensors.LOOKS] = sums[:, sensors.JUDGED] = sums[:, sensors.TRIALS] = 1000
    sums[:, sensors.SECONDS], sums[:, sensors.SCANS] = 60, 600
    sums[1, sensors.MISSED] = 200
    bins = np.zeros((2, len(sensors.MEASURES), sensors.BINS))
    bins[:, :, 4] = 500
    work = [
        {"rule": "sensor.misses", "device": names[1], "value": 0.2, "since_us": BEGIN_US, "harm": 3.0,
         "zh": "漏检20 %", "en": "misses 20 %"}
    ]  # fmt: skip
    for minute in range(minutes):
        keeps.add(sums, bins, 60.0)
        now_us = BEGIN_US + (minute + 1) * MINUTE_US
        devices = figures.of_senders(names, sums, bins, zone)
        told = {"t_us": now_us, "zone": zone.id, "profile": zone.profile.id, "devices": devices, "work": work}
        keeps.close(now_us - MINUTE_US, now_us, names, told | {"sites": {}})
    assert not keeps.failed


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "br", "line", "polyline", "circle"):
            self.open.append(tag)
        assert not any(name in ("src", "href") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "polyline", "circle"):
            assert self.open.pop() == tag


def test_the_page_is_one_sound_file_with_pictures_chinese_first(tmp_path: Path) -> None:
    _kept(tmp_path)
    page = report.html(report.gather(tmp_path, "science-city"))
    tags = _Tags()
    tags.feed(page)
    assert tags.open == [] and tags.seen.count("svg") == 4
    assert page.index("漏检20 %") < page.index("misses 20 %")
    assert "<b>N1" not in page and "&lt;b&gt;N1" in page
    assert "80 %" in page and "✗" in page


def test_the_command_prints_text_json_or_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JINYUN_STATE", str(tmp_path))
    _kept(tmp_path / "science-city" / "quality")
    assert cli.main(["quality", "report"]) == 1
    assert "misses 20 %" in capsys.readouterr().out
    assert cli.main(["quality", "report", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert len(found["minutes"]) == 3 and found["simulated"]
    assert found["devices"]["rsu/RSU-A5"]["completeness"]["meets"]
    assert cli.main(["quality", "report", "--html", str(tmp_path / "page.html")]) == 1
    assert "工作清单" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_zone_without_a_scorecard_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JINYUN_STATE", str(tmp_path))
    assert cli.main(["quality", "report"]) == 2
    assert "has no scorecard" in capsys.readouterr().err


def test_lines_cut_short_are_left_out(tmp_path: Path) -> None:
    _kept(tmp_path)
    with (tmp_path / "minute.jsonl").open("a") as file:
        file.write('{"t_us": 5, "dev')
    (tmp_path / "hour.jsonl").write_bytes(b"\xff\xfe\n[1]\n")
    found = report.gather(tmp_path, "science-city")
    assert len(found["minutes"]) == 3 and found["hours"] == []


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "MOST_BYTES", 10_000)
    _kept(tmp_path, 30)
    assert sum(path.stat().st_size for path in tmp_path.glob("minute.jsonl*")) < 40_000
    assert len(rollups.read(tmp_path, "minute", 5)) == 5


def test_percentiles_are_those_of_the_values() -> None:
    rng = np.random.default_rng(1)
    values = rng.gamma(2.0, 0.5, 5000)
    bins = np.zeros((1, len(sensors.MEASURES), sensors.BINS))
    sensors.histogram(bins, np.zeros(5000, np.int64), sensors.POSITION, values)
    for share in (0.5, 0.95):
        edge = sensors.percentile(bins[0, sensors.POSITION], sensors.POSITION, share)
        assert edge == pytest.approx(np.quantile(values, share), abs=0.1)
