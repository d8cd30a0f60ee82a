"""Dangerous behaviour on the simulated street (危险行为编排), which its drivers alone never show: staged by kind and by rate.

    deed        what a deed is                                                  :mod:`.deed`
    directing   when which deed begins, and for whom                            :mod:`.directing`
    stage       what deeds ask of the street and how they direct its drivers    :mod:`.stage`
    picture     what is laid over the simulation's picture                      :mod:`.picture`
    guests      vehicles put on the street for a deed, and whose ways cross     :mod:`.guests`, :mod:`.crossways`

The other modules hold one kind of deed each: somebody does not brake for the one ahead, brakes hard for nothing, runs a red
light, goes without yielding, turns left before one who comes, changes lane regardless, stands still in a lane, steps out
before a car, rides across, drives to an emergency, overtakes into oncoming traffic, loses control, or creeps in a jam.
Those who measure may read the :class:`Deed` beside what became of it; when it is over the driver behaves again. Vehicles
are directed through the simulation; people and cyclists who cross are no part of it and are laid over its picture, so
that drivers see them only as late as the deed lets them. Simulated, all of it.
"""

from jinyun.world.staging.deed import Deed
from jinyun.world.staging.directing import KINDS, Staging, by_kind

__all__ = ["KINDS", "Deed", "Staging", "by_kind"]
