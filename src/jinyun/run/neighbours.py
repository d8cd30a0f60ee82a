"""The brokers of other machines that a zone's broker knows: nodes of one cluster, edges of a centre, the centre of an edge."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from jinyun.net.broker import Centre, Edges, Peers
from jinyun.net.topics import device_id_is_good
from jinyun.run.place import RunError

CLUSTER_SECRET, LINE_SECRET = "JINYUN_CLUSTER_SECRET", "JINYUN_LINE_SECRET"
"""Where in the environment the secrets stand by which brokers know each other."""
SHORTEST = 16
_SECRET = re.compile(r"[A-Za-z0-9_-]+\Z")
_PLACE = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})\Z")


def place(text: str, option: str) -> str:
    """Return ``HOST:PORT`` as it stands; raises :class:`RunError` where it is none."""
    found = _PLACE.match(text)
    if not found or not 0 < int(found[2]) < 65_536:
        raise RunError(f"{option} {text!r} is no HOST:PORT")
    return text


def _secret(name: str, option: str) -> str:
    value = os.environ.get(name, "")
    if len(value) < SHORTEST or not _SECRET.match(value):
        raise RunError(
            f"{option} needs a secret that all machines have: {name} in the environment, {SHORTEST} or more letters and digits"
        )
    return value


def peers(cluster: str | None, others: Sequence[str], name: str) -> Peers | None:
    """Return how this node belongs to a clustered broker, None where it stands alone; raises :class:`RunError`."""
    if cluster is None:
        if others:
            raise RunError(
                "--peer says where the other nodes are; --cluster HOST:PORT, where this one listens for them"
            )
        return None
    at = tuple(place(other, "--peer") for other in others)
    return Peers(name, place(cluster, "--cluster"), at, _secret(CLUSTER_SECRET, "--cluster"))


def line(edges: str | None, centre: str | None, edge: str | None) -> Edges | Centre | None:
    """Return what ties this broker to a centre or to edges, None where nothing does; raises :class:`RunError`."""
    if edges is not None and centre is not None:
        raise RunError("a zone is a centre (--edges) or an edge (--centre), not both")
    if edges is not None:
        return Edges(place(edges, "--edges"), _secret(LINE_SECRET, "--edges"))
    if centre is None:
        if edge is not None:
            raise RunError("--edge names an edge of a centre: --centre HOST:PORT says which")
        return None
    if edge is None or not device_id_is_good(edge):
        raise RunError(
            "--centre needs --edge NAME: letters, digits, - and _, at most 32, what this edge is called there"
        )
    return Centre(place(centre, "--centre"), edge, _secret(LINE_SECRET, "--centre"))
