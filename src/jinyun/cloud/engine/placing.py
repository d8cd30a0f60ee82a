"""Workers on the machines of a Ray cluster (由 Ray 安置工作节点), where nothing but pip puts software on several machines.

Ray starts them, spreads them out and starts again what dies; who owns which partition is decided by the broker as ever. No
data of the street passes through Ray. Its parts listen on all interfaces and ask nobody who they are: its cluster belongs on
a network of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from typing import Any

from jinyun.cloud.engine.tiles import Tiling
from jinyun.net.broker import TOKEN

ABSENT = "Ray is not installed: pip install 'jinyun[ray]', on every machine of its cluster"
STOP_S, REACHED_S = 5.0, 3.0


class RayError(RuntimeError):
    """Ray is not there, or its cluster cannot be reached; one clear line."""


class Placed:
    """An actor: one worker process. Either ends with the other, and Ray begins a new life of the actor."""

    def __init__(self, argv: list[str]) -> None:
        self._process = subprocess.Popen([sys.executable, *argv, "--with-parent"], stdin=subprocess.PIPE)
        self._wanted = True
        threading.Thread(target=self._watch, name="worker", daemon=True).start()

    def _watch(self) -> None:
        self._process.wait()
        if self._wanted:
            os._exit(1)

    def pid(self) -> int:
        """Return the process's number on the machine where it is."""
        return self._process.pid

    def end(self) -> None:
        """Let the worker give its partitions back and end."""
        self._wanted = False
        self._process.terminate()
        self._process.wait(STOP_S)


def connect(address: str, zone: str) -> Any:
    """Return Ray, connected to the cluster at ``address``; raises :class:`RayError`."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in host:  # Ray itself tries for minutes
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=REACHED_S).close()
        except (OSError, OverflowError) as error:
            raise RayError(f"no Ray cluster at {address}: {error}") from None
    try:
        import ray  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise RayError(ABSENT) from None
    try:
        ray.init(address=address, namespace=f"jinyun-{zone}", log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, OSError, ValueError) as error:
        raise RayError(f"no Ray cluster at {address}: {error}") from None
    return ray


def place(ray: Any, zone: str, url: str, count: int, tiling: Tiling) -> list[tuple[str, int]]:
    """Have ``count`` workers of the zone on the cluster, those that are there already included; return (name, pid) of each."""
    token = os.environ.get(TOKEN)
    surroundings = {"env_vars": {TOKEN: token}} if token else {}
    actor = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=3)(Placed)
    argv = ["-m", "jinyun.cloud.engine", "--zone", zone, "--nats-url", url, "--parts", str(tiling.parts)]
    argv += ["--tile-m", str(tiling.tile_m), "--rim-m", str(tiling.rim_m)]
    made = []
    for number in range(count):
        name = f"ray-{number + 1}"
        how = {"name": name, "lifetime": "detached", "get_if_exists": True, "scheduling_strategy": "SPREAD"}
        made.append((name, actor.options(**how, runtime_env=surroundings).remote([*argv, "--name", name])))
    return [(name, ray.get(its.pid.remote())) for name, its in made]


def withdraw(ray: Any) -> list[str]:
    """End all workers that were placed for the zone; return their names."""
    names = [name for name in ray.util.list_named_actors() if name.startswith("ray-")]
    for name in names:
        its = ray.get_actor(name)
        ray.get(its.end.remote())
        ray.kill(its, no_restart=True)
    return sorted(names)
