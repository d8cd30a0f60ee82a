"""Parts end with the process that started them: no orphan is left, however that process ends."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

GRACE_S = 5.0


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
