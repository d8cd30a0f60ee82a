"""All applications in the order of their numbers: those of T/CSAE 53 first, then those of T/CSAE 157."""

from __future__ import annotations

from jinyun.cloud.apps import evw, fcw, glosa, hlw, ivs, rlvw, slw, tjw, vnfp
from jinyun.cloud.apps.application import Application

CATALOGUE: tuple[Application, ...] = (
    fcw.ABOUT, evw.ABOUT, glosa.ABOUT, hlw.ABOUT, ivs.ABOUT, rlvw.ABOUT, slw.ABOUT, tjw.ABOUT, vnfp.ABOUT,
)  # fmt: skip
"""A row is an application's number in ADVICE."""
