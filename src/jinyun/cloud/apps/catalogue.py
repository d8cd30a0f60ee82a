"""All applications in the order of their numbers: those of T/CSAE 53 first, then those of T/CSAE 157."""

from __future__ import annotations

from jinyun.cloud.apps import (
    avw,
    bsw,
    chpvp,
    cip,
    clc,
    clw,
    cpm,
    cvm,
    dds,
    dlm,
    dnpw,
    ebw,
    evw,
    fcw,
    glosa,
    gspa,
    hlw,
    icw,
    ivs,
    lta,
    pds,
    rlvw,
    rts,
    sds,
    slw,
    tjw,
    vnfp,
    vrucw,
    vrusp,
)
from jinyun.cloud.apps.application import Application

CATALOGUE: tuple[Application, ...] = (
    avw.ABOUT, bsw.ABOUT, clw.ABOUT, dnpw.ABOUT, ebw.ABOUT, evw.ABOUT, fcw.ABOUT, glosa.ABOUT, hlw.ABOUT,
    icw.ABOUT, ivs.ABOUT, lta.ABOUT, rlvw.ABOUT, slw.ABOUT, tjw.ABOUT, vnfp.ABOUT, vrucw.ABOUT,
    chpvp.ABOUT, cip.ABOUT, clc.ABOUT, cpm.ABOUT, cvm.ABOUT, dds.ABOUT, dlm.ABOUT, gspa.ABOUT, pds.ABOUT, rts.ABOUT,
    sds.ABOUT, vrusp.ABOUT,
)  # fmt: skip
"""A row is an application's number in ADVICE."""
