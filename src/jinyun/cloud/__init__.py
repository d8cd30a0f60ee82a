"""云 The real-time cloud: the twin of the street, from decoded bytes to one immutable frame each 100 ms.

``decode`` turns arrivals into sightings, ``sources`` knows every sender and its clock, ``track`` keeps what is believed,
``twin.step`` is the pure function that live, replay and tests share, ``service`` runs it against the broker. The cloud
meets cars and roads only as messages: it never asks the simulated street anything.
"""
