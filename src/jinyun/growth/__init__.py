"""连线·成网·成片: which road to open next, and why: from a line to a network to an area.

A candidate network, what its kilometres cost and whom they serve (``network``, ``demand``), the planner's question in
numbers (``problem``), plans (``rebuilding``, ``search``, ``plan``) with a bound that none can exceed (``relaxation``),
what-if (``asking``), readiness of today's roads (``readiness``) and the life of a section (``section``). What it is not:
a traffic model; trips keep their ways whatever opens.
"""
