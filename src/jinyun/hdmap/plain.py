"""Streets written as SUMO plain XML and compiled by ``netconvert``: nodes, edges, connections, crossings.

Facts learnt about netconvert 1.28: with ``--proj`` plain coordinates are read as degrees, so the projection is given in
the node file's ``location`` element; normalisation of the offset must be off or the zone's metres are moved.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from xml.sax.saxutils import quoteattr

import sumo  # type: ignore[import-untyped]

from jinyun.hdmap.curve import Line
from jinyun.hdmap.streets import Edge, Lane, Streets
from jinyun.zone import Zone

CROSSING_WIDTH_M = 5.0
JUNCTION_RADIUS_M = {"signal": 9.0, "priority": 6.0, "split": 1.5}
_TYPES = {"signal": "traffic_light", "crossing": "traffic_light", "zebra": "priority", "fringe": "dead_end"}
_ALLOW = {
    "walk": 'allow="pedestrian"',
    "bike": 'allow="bicycle"',
    "bus": 'allow="bus coach emergency"',
    "car": 'disallow="pedestrian tram rail rail_urban rail_electric rail_fast ship cable_car subway aircraft '
    'wheelchair scooter drone container"',
}
OPTIONS = [
    "--offset.disable-normalization", "true",
    "--precision", "3",
    "--no-turnarounds", "true",
    "--walkingareas", "true",
    "--junctions.corner-detail", "6",
    "--junctions.internal-link-detail", "9",
    "--tls.default-type", "static",
    "--tls.cycle.time", "100",
    "--tls.yellow.time", "3",
    "--tls.allred.time", "2",
    "--tls.left-green.time", "14",
    "--tls.crossing-min.time", "8",
    "--tls.crossing-clearance.time", "8",
    "--no-warnings", "true",
    "--aggregate-warnings", "5",
]  # fmt: skip


class CompileError(RuntimeError):
    """``netconvert`` did not make a net of the plan; the message is its own."""


def write(streets: Streets, zone: Zone, folder: Path) -> None:
    """Write ``plain.nod.xml``, ``plain.edg.xml`` and ``plain.con.xml`` into ``folder``."""
    location = (
        f'<location netOffset="0,0" convBoundary="-50000,-50000,50000,50000" '
        f'origBoundary="-180,-90,180,90" projParameter={quoteattr(zone.project.proj)}/>'
    )
    nodes = [location]
    for node in streets.nodes.values():
        radius = JUNCTION_RADIUS_M.get(node.control, 4.0)
        kind = _TYPES.get(node.control, "priority")
        nodes.append(
            f'<node id={quoteattr(node.id)} x="{node.x_m:.3f}" y="{node.y_m:.3f}" z="{node.z_m:.3f}" '
            f'type="{kind}" radius="{radius}"' + (' keepClear="false"' if node.control == "split" else "") + "/>"
        )
    edges = [_edge(edge, zone) for edge in streets.edges.values()]
    for ring_nodes, ring_edges in streets.roundabouts:
        edges.append(f'<roundabout nodes="{" ".join(ring_nodes)}" edges="{" ".join(ring_edges)}"/>')
    links = [f'<connection from="{a}" to="{b}" fromLane="{i}" toLane="{j}"/>' for a, b, i, j in streets.connections]
    for node_id, over in streets.crossings:
        free = "true" if streets.nodes[node_id].control == "zebra" else "false"
        links.append(
            f'<crossing node="{node_id}" edges="{" ".join(over)}" width="{CROSSING_WIDTH_M}" priority="{free}"/>'
        )
    for name, root, body in (("nod", "nodes", nodes), ("edg", "edges", edges), ("con", "connections", links)):
        text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>", *body, f"</{root}>", ""])
        (folder / f"plain.{name}.xml").write_text(text, encoding="utf-8")


def netconvert(folder: Path, net: Path) -> None:
    """Compile the plain files in ``folder`` into ``net``; raises :class:`CompileError`."""
    program = Path(sumo.SUMO_HOME) / "bin" / "netconvert"
    command = [
        str(program), "-n", str(folder / "plain.nod.xml"), "-e", str(folder / "plain.edg.xml"),
        "-x", str(folder / "plain.con.xml"), "-o", str(net), *OPTIONS,
    ]  # fmt: skip
    home = {**os.environ, "SUMO_HOME": sumo.SUMO_HOME}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=home)
    if done.returncode != 0 or not net.exists():
        raise CompileError((done.stderr or done.stdout).strip() or f"netconvert returned {done.returncode}")


def _edge(edge: Edge, zone: Zone) -> str:
    beside = any(lane.use == "bike" for lane in edge.lanes)
    lanes = "".join(_lane(i, lane, beside) for i, lane in enumerate(edge.lanes))
    name = next((road.zh for road in zone.plan.roads if road.id == edge.road), "") or edge.road
    return (
        f'<edge id="{edge.id}" from="{edge.start}" to="{edge.end}" numLanes="{len(edge.lanes)}" '
        f'speed="{edge.speed_mps:.3f}" priority="{edge.priority}" name={quoteattr(name)} spreadType="right" '
        f'shape="{_shape(edge.shape)}">{lanes}</edge>'
    )


def users(use: str, beside_cycles: bool) -> str:
    """Return who may use a lane (car, bus, bike, walk), as SUMO's attribute; cars beside a cycle lane keep cycles out."""
    return _ALLOW[use].replace('disallow="', 'disallow="bicycle ') if beside_cycles else _ALLOW[use]


def _lane(index: int, lane: Lane, beside_cycles: bool) -> str:
    extra = ' acceleration="true"' if lane.acceleration else ""
    return f'<lane index="{index}" width="{lane.width_m}" {users(lane.use, beside_cycles)}{extra}/>'


def _shape(line: Line) -> str:
    if abs(line[:, 2]).max() < 1e-6:
        return " ".join(f"{x:.3f},{y:.3f}" for x, y, _ in line)
    return " ".join(f"{x:.3f},{y:.3f},{z:.3f}" for x, y, z in line)
