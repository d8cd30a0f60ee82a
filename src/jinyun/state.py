"""Where a running zone keeps its state on disk, and how a file in it is replaced whole.

``$JINYUN_STATE``, else ``$XDG_STATE_HOME/jinyun``, else ``~/.local/state/jinyun``; one folder per zone inside.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any


def state_dir(zone_id: str) -> Path:
    """Return the folder of a running zone (made if missing)."""
    named = os.environ.get("JINYUN_STATE")
    default = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "jinyun"
    folder = (Path(named) if named else default) / zone_id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def authority_dir(zone_id: str) -> Path:
    """Return the folder of a zone's certificate authority (it may not be there)."""
    return state_dir(zone_id) / "authority"


def write_json(path: Path, value: Any) -> None:
    """Replace ``path`` with ``value`` as JSON; a reader sees the old file or the new one, never half of it."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(value, ensure_ascii=False))
    fresh.replace(path)


def write_private(path: Path, data: bytes) -> None:
    """Replace ``path`` with ``data`` in a file that nobody but its owner can read, at no moment; a reader never sees half."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    fresh.replace(path)


def read_json(path: Path) -> Any:
    """Return what ``path`` holds, None where there is no such file or it is broken."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
