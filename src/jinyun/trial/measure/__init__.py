"""Measures (指标): values with validity, from rows of a run; what cannot be said is NaN and not valid.

``boxes``    times and distances between two boxes that keep their speed: TTC, DCE, TTCE
``along``    along one lane: headway, time headway, required deceleration, DRAC, TET, TIT
``crossing`` where ways cross: PET, ET, time to zebra
``comfort``  accelerations and jerks of a ride
``tracks``   a run as columns on one clock

Names and definitions follow commonroad-crime (J. Lin, M. Althoff, IV 2023) where it has them; each function cites its source.
"""
