"""All applications in the order of their numbers: those of T/CSAE 53 first, then those of T/CSAE 157."""

from __future__ import annotations

from jinyun.cloud.apps import fcw
from jinyun.cloud.apps.application import Application

CATALOGUE: tuple[Application, ...] = (fcw.ABOUT,)
"""A row is an application's number in ADVICE."""
