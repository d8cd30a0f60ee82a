"""The live page's map in a real browser: how fast it opens, how evenly it pans, and how many bytes that takes.

Science-city alone and nine of it side by side, some 540 km of road (``_500km``), are drawn, cut into tiles and served by the
centre's own application in a process of its own; a headless Chromium without a GPU looks at them in 1280 by 800, by Canvas2D
(what such machines get) and by WebGL done by the CPU (``_webgl``). No traffic is shown.

* ``page_open_s``: from the navigation to the first picture of the map that has been drawn, by the page's own clock; the
  browser runs already, its cache is empty; the median of the rounds. ``page_open_cpu_s``: the processor time
  of the page's process in that, which a busy machine does not stretch.
* ``pan_frame_p50_ms``, ``..._p95_ms``, ``..._max_ms``: times between pictures while the map is dragged over fresh tiles at 8,
  1.5 and 0.3 m a pixel; 16.7 is the screen's own rate.
* ``overview_gz_kb``, ``tile_gz_kb_level_1`` (mean) and ``tile_gz_kb_level_1_max``: what is sent, in gzip.
* ``cut_s``: drawing, cutting and packing a map, in the server's process.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from jinyun import hdmap, zone
from jinyun.bench.machine import describe
from jinyun.bench.map import TILE_M, TILES
from jinyun.hdmap.tables import Columns

ROUNDS = 3
SCALES = (8.0, 1.5, 0.3)
WAYS = ((-1, 0), (-1, 0), (0, -1), (0, -1), (1, 0), (1, 0), (1, 0), (0, 1))
"""Which way the hand goes, east and south: the map goes along, the view the other way."""
STEPS, REACH_PX = 30, (600, 400)
FLAGS = ("--disable-gpu", "--enable-unsafe-swiftshader", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
WAIT_S = 60.0
POINTS = {"lanes": "points", "areas": "area_points", "crossings": "crossing_points"}
RECORD = """() => {
  window.__gaps = [];
  let last = performance.now();
  const picture = (now) => { window.__gaps.push(now - last); last = now; window.requestAnimationFrame(picture); };
  window.requestAnimationFrame(picture);
}"""


def side_by_side(
    tables: Mapping[str, Columns], meta: Mapping[str, Any], copies: int
) -> tuple[dict[str, Columns], dict[str, Any]]:
    """Return a drawn map so many times side by side, as :func:`jinyun.bench.map.tiled` lays lanes out."""
    side = math.ceil(math.sqrt(copies))
    moves = [(k % side * TILE_M, k // side * TILE_M) for k in range(copies)]
    edges = int(tables["lanes"]["edge"].max()) + 1
    large: dict[str, Columns] = {}
    for name, table in tables.items():
        within = len(tables[POINTS[name]]["x_m"]) if name in POINTS else 0
        n = len(next(iter(table.values())))
        copy = np.repeat(np.arange(copies), n)
        large[name] = {column: np.tile(values, copies) for column, values in table.items()}
        for column, values in large[name].items():
            by = (
                np.array([move[0] for move in moves])[copy] if column[0] == "x"
                else np.array([move[1] for move in moves])[copy] if column[0] == "y"
                else copy * within if column == "first" else copy * edges if column == "edge" else None
            )  # fmt: skip
            if by is not None:
                large[name][column] = (values + by).astype(values.dtype)

    def moved(label: Mapping[str, Any], east: float, north: float) -> dict[str, Any]:
        place = {"x_m": label["x_m"] + east, "y_m": label["y_m"] + north} if "x_m" in label else {}
        return {**label, **place}

    names = {
        kind: [moved(label, *move) for move in moves for label in labels] for kind, labels in meta["names"].items()
    }
    west, south, east, north = meta["bounds"]
    reach = [west, south, east + max(m[0] for m in moves), north + max(m[1] for m in moves)]
    lines = [
        {**line, "points": [[x + dx, y + dy] for x, y in line["points"]]} for dx, dy in moves for line in meta["lines"]
    ]
    return large, {**meta, "names": names, "bounds": reach, "lines": lines}


def serve(copies: int) -> None:
    """Serve the centre's application with the map so many times side by side; tell port and sizes in one line first."""
    import uvicorn

    from jinyun.centre.app import create
    from jinyun.centre.sheets import Sheets

    here = zone.load(zone.find())
    map = hdmap.open(here)
    begin = time.thread_time()
    drawn = side_by_side(*hdmap.drawing(map, here), copies)
    sheets = Sheets(*drawn)
    figures = {
        "cut_s": time.thread_time() - begin,
        "overview_gz_kb": len(sheets.overview.small()) / 1000,
        "road_km": copies * float(map.sections["length_m"].sum()) / 1000,
    }
    for level in (1, 2):
        sizes = [len(sheet.small()) / 1000 for key, sheet in sheets.tiles.items() if key[0] == level]
        figures |= {f"tiles_level_{level}": float(len(sizes)), f"tile_gz_kb_level_{level}": statistics.mean(sizes),
                    f"tile_gz_kb_level_{level}_max": max(sizes)}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="jinyun-bench-") as state, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # whoever comes before the application is ready waits
        app = create(here, Path(state), "nats://127.0.0.1:9", drawn)  # nobody is there: a page without traffic
        print(json.dumps({"port": listening.getsockname()[1], "figures": figures}), flush=True)
        config = uvicorn.Config(app, log_level="critical", access_log=False, ws_per_message_deflate=False)
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def _served(copies: int) -> Iterator[tuple[str, dict[str, float]]]:
    argv = [sys.executable, "-m", "jinyun.bench.page", "--copies", str(copies)]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        said = json.loads(server.stdout.readline() or "{}")
        if "port" not in said:
            raise RuntimeError(f"the centre did not start: {' '.join(argv)}")
        yield f"http://127.0.0.1:{said['port']}/", said["figures"]
    finally:
        server.terminate()
        server.wait(10)


def _until(page: Any, expression: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not page.evaluate(f"() => Boolean({expression})"):
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {WAIT_S:g} s in the page: {expression}")
        page.wait_for_timeout(20)


def _opened_s(browser: Any, url: str) -> tuple[Any, float, float]:
    """Return a fresh tab on the page, how long it took to draw the map, and the processor time of its process."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN").new_page()
    inside = page.context.new_cdp_session(page)
    inside.send("Performance.enable")
    page.goto(url, wait_until="commit")
    _until(page, "window.__jinyun && window.__jinyun.opened_ms > 0")
    spent = {entry["name"]: entry["value"] for entry in inside.send("Performance.getMetrics")["metrics"]}
    return page, float(page.evaluate("() => window.__jinyun.opened_ms")) / 1000, float(spent["ProcessTime"])


def _panned(page: Any) -> list[float]:
    """Return the milliseconds between pictures while the map is dragged over fresh tiles, at each scale."""
    gaps: list[float] = []
    middle = page.evaluate("() => [window.__jinyun.view.x_m, window.__jinyun.view.y_m]")
    for scale in SCALES:
        page.evaluate(f"() => window.__jinyun.look({middle[0]}, {middle[1]}, {scale})")
        _until(page, "window.__jinyun.tiles.missing === 0")
        page.evaluate(RECORD if not gaps else "() => { window.__gaps.length = 0; }")
        for east, south in WAYS:
            x, y = 640 - east * REACH_PX[0] / 2, 420 - south * REACH_PX[1] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            for step in range(1, STEPS + 1):
                page.mouse.move(x + east * REACH_PX[0] * step / STEPS, y + south * REACH_PX[1] * step / STEPS)
            page.mouse.up()
        gaps += page.evaluate("() => window.__gaps.slice(1)")
    return gaps


def measure(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure and return ``{"bench", "machine", "figures", "peers"}``; ends with the reason without browser or Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("jinyun bench page: Playwright is not installed: ./jinyun setup --dev") from None
    program = os.environ.get("JINYUN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        raise SystemExit("jinyun bench page: no Chromium: put one on PATH or name it in JINYUN_CHROMIUM")
    figures: dict[str, float] = {}
    with sync_playwright() as playwright:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, *(["--no-sandbox"] if root else [])]
        )
        version = browser.version
        for copies, name in ((1, ""), (TILES, "_500km")):
            with _served(copies) as (url, sizes):
                figures |= {f"{key}{name}": value for key, value in sizes.items()}
                for renderer, suffix in (("canvas", name), ("webgl", f"{name}_webgl")):
                    address = f"{url}?renderer={renderer}"
                    _opened_s(browser, address)[0].context.close()  # starts the browser's processes
                    opened = []
                    for _ in range(rounds):
                        page, *seconds = _opened_s(browser, address)
                        opened.append(seconds)
                        if len(opened) < rounds:
                            page.context.close()
                    for figure, values in zip(
                        ("page_open_s", "page_open_cpu_s"), zip(*opened, strict=True), strict=True
                    ):
                        figures[f"{figure}{suffix}"] = statistics.median(values)
                    gaps = np.array(_panned(page))
                    page.context.close()
                    figures |= {f"pan_frame_p50_ms{suffix}": float(np.median(gaps)),
                                f"pan_frame_p95_ms{suffix}": float(np.percentile(gaps, 95)),
                                f"pan_frame_max_ms{suffix}": float(gaps.max())}  # fmt: skip
        browser.close()
    return {"bench": "page", "machine": describe() | {"browser": version}, "figures": figures, "peers": {}}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.bench.page", description="serve the map to be measured")
    parser.add_argument("--copies", type=int, required=True)
    serve(parser.parse_args().copies)


if __name__ == "__main__":
    main()
