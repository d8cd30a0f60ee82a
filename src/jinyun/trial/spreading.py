"""Cases on the machines of a Ray cluster (在 Ray 集群上运行用例): each machine plays some and sends their files back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from jinyun.cloud.engine import placing
from jinyun.trial.fault import TrialError

T = TypeVar("T")


class Machines(Executor):
    """An executor on the cluster at ``address``; raises :class:`TrialError` where there is none."""

    def __init__(self, address: str) -> None:
        try:
            self._ray = placing.connect(address, "trial")
        except placing.RayError as error:
            raise TrialError(str(error)) from None

    @property
    def cores(self) -> int:
        """How many cores its machines have."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Have a function called on one of the machines; a machine that dies over it is done without."""
        task = self._ray.remote(num_cpus=1, max_retries=3)(fn)
        future: Future[T] = task.remote(*args, **kwargs).future()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on."""
        self._ray.shutdown()


def away(work: Callable[[Path], int]) -> tuple[int, dict[str, bytes]]:
    """Do ``work`` in a folder of this machine's; return what it returned and its files by name."""
    with TemporaryDirectory(prefix="jinyun-trial-") as name:
        folder = Path(name)
        done = work(folder)
        return done, {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def bring_back(files: dict[str, bytes], folder: Path, after: Sequence[str] = (".json",)) -> None:
    """Write files from another machine into ``folder``, those ``after`` the others: they say that a case is done."""
    for name in sorted(files, key=lambda name: name.endswith(tuple(after))):
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise TrialError(f"a machine sent a file outside the run: {name!r}")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(files[name])
        fresh.replace(path)
