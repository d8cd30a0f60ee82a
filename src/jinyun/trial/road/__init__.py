"""The road of a scenario: OpenDRIVE in its own coordinates (road, s, t, lane), and roads made by rule.

Angles ``h_rad`` are OpenDRIVE's and OpenSCENARIO's: radians counter-clockwise from east. Stations ``s_m`` run along a
road's reference line, ``t_m`` to its left.
"""

from jinyun.trial.road.network import Lane, Network, Road, Section
from jinyun.trial.road.reading import read, read_text

__all__ = ["Lane", "Network", "Road", "Section", "read", "read_text"]
