"""The simulated street: cars, trucks, buses, cyclists and walkers of a zone that has no real ones, driven by SUMO.

It plays connected cars and roadside units from outside: they speak to the broker over MQTT in the bytes of T/CSAE 53, as
real ones do, and nothing else imports this package. What it sends is simulated, and the zone's description says so.

Places: SUMO's position of a vehicle is the middle of its front bumper; BSM, RSM and the truth files give the middle of
the vehicle, half a length behind along its heading. Walkers are where they stand.
"""
