"""The smart road (智慧的路): crossings that see who is about to cross, stops that know when the shuttle comes, signals that
give way to who may ask, chargers that know the timetable.

A part of its own (``python -m jinyun.road``), which hears roadside units and the cloud's frames on the broker like anybody,
and says what it found there. It knows the map, the messages and the zone, and no cloud.
"""
