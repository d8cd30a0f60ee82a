"""The automated shuttle (自动驾驶接驳车): senses, understands, decides, plans and drives a line of the zone on the precise map.

``guideline`` is where it drives, ``sensed`` and ``fusing`` what it knows of others from its own eyes and from the road,
``lights`` what it knows of signals, ``foreseeing`` where others will be, ``encounters`` who must be let go, ``behaviour``
what it does and why, ``sampling`` the trajectory, ``tracking`` and ``body`` how the vehicle follows it. ``driving`` puts
them together. Angles are clockwise from north, offsets to the right, as everywhere.
"""
