"""车 The smart car: what an on-board unit makes of the messages that come down to it.

It knows the map and the network and meets the cloud only as messages. What it is not: the simulated cars of the street,
which are the world's.
"""
