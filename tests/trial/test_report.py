"""The report: one page that says what was not passed and why, and pictures true to the rows."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from lxml import etree

from jinyun.trial import record, runner
from jinyun.trial.report import html
from jinyun.trial.scene import AROUND_M, WIDE, picture
from tests.trial.support import played

ITEM = "gbt41798-6.7.1"
PLACE = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)")


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("仿真数据", "未交还控制权")), ("en", ("Simulated data", "did not give way"))]
)
def test_the_page_names_the_items_that_were_not_passed_with_their_reasons_and_a_picture(
    lang: str, words: tuple[str, str], tmp_path: Path
) -> None:
    runner.run(runner.Plan("without_release", (ITEM,)), tmp_path / "run", jobs=1)
    page = html(tmp_path / "run", lang)
    assert all(word in page for word in words)
    assert f'href="#{ITEM}"' in page
    assert f'id="{ITEM}"' in page
    assert page.count("<svg") == 1
    assert "http" not in page.replace("http-equiv", "")  # it asks nobody for anything


def test_a_page_without_failures_says_so(tmp_path: Path) -> None:
    runner.run(runner.Plan("reference", (ITEM,)), tmp_path / "run", jobs=1)
    page = html(tmp_path / "run", "en")
    assert "Every item was passed." in page
    assert "<svg" not in page


def test_a_picture_shows_everybody_where_the_rows_say_at_the_moment_that_decided(tmp_path: Path) -> None:
    run = played("v2x-vrucw", "without_cooperation")
    record.write(tmp_path, run)
    case = record.get(record.stem(tmp_path, run.result.case).with_suffix(".json"))
    rows = record.rows(tmp_path, run.result.case)
    drawn = etree.fromstring(picture(case, rows, "zh"))
    who = [tuple(map(float, PLACE.match(of.get("transform")).groups())) for of in drawn.iter("g") if of.get("class")]  # type: ignore[union-attr]
    when = case["contacts"][0][0]
    ego, walker = (rows[(rows["actor"] == k) & (abs(rows["t_s"] - when) < 1e-6)][0] for k in (0, 1))
    away = math.hypot(ego["x_m"] - walker["x_m"], ego["y_m"] - walker["y_m"])
    assert len(who) == 2
    assert math.dist(*who) / (WIDE / (2 * AROUND_M)) == pytest.approx(away, abs=0.1)
