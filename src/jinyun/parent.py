"""Parts end with the process that started them: no orphan is left, however that process ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from multiprocessing import connection, parent_process

GRACE_S = 5.0


def end_asked() -> asyncio.Event:
    """Return what is set when SIGINT or SIGTERM asks this process to end; call it in the loop that is to hear of it."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked


def end_with_parent() -> None:
    """Send ourselves SIGTERM when standard input closes, which the starter holds open while it lives."""

    def watch() -> None:
        try:
            while os.read(sys.stdin.fileno(), 4096):
                pass
        except OSError:
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end_with_spawner() -> None:
    """End this process of a pool when the one that made the pool is gone, however: it would wait for work for ever."""
    spawner = parent_process()
    if spawner is None:
        return

    def watch() -> None:
        connection.wait([spawner.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="spawner", daemon=True).start()
