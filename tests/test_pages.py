"""The pages' own unit tests, run where the pages were built on this machine."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from jinyun.centre import pages
from tests.conftest import ROOT

WEB = ROOT / "src" / "jinyun" / "centre" / "web"


def test_the_pages_modules_pass_their_own_tests() -> None:
    npm = shutil.which("npm")
    if npm is None or not (WEB / "node_modules").exists():
        pytest.skip("the pages were not built here with a Node.js that is on PATH")
    done = subprocess.run([npm, "test"], cwd=WEB, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_the_centre_and_the_pages_know_the_same_paths() -> None:
    text = (WEB / "src" / "live" / "paths.ts").read_text(encoding="utf-8")
    listed = text[text.index("PAGE_NAMES = [") : text.index("] as const")]
    assert sorted(re.findall(r'"(\w+)"', listed)) == sorted(pages.NAMES)
