"""Cooperation (协同协商): what vehicles and people ask for, what was agreed with them, and what became of it.

    requests     what is asked, by whom, how long it stands                                 :mod:`.requests`
    hearing      from VIR, PSM, CLPMM and VPM to requests                                    :mod:`.hearing`
    ways         the way of a vehicle through a junction as one line                         :mod:`.ways`
    motion       a motion planned ahead: pieces of constant acceleration                     :mod:`.motion`
    bodies       whether bodies on their ways touch: the proof of a plan                     :mod:`.bodies`
    reserving    times in zones of conflict: first come, first served, proven or refused     :mod:`.reserving`
    junctions    who comes to a junction without lights, as the planner wants it             :mod:`.junctions`
    passing      junctions by appointment: proposed, held, made sooner, withdrawn             :mod:`.passing`
    lanechange   room beside, and how it is made                                            :mod:`.lanechange`
    crossings    who comes to a crossing                                                    :mod:`.crossings`
    sharing      what the road sees, as SSM                                                 :mod:`.sharing`
    platoons, tolls, probes, instructions   what CPM, RTS, PDS and DLM keep
    agreements   what was agreed, and whether it was followed                                :mod:`.agreements`
    wording      RSC, SSM, PAM, RTCM and VPM of T/CSAE 157                                   :mod:`.wording`
    conducting   one step of all of them                                                     :mod:`.conducting`
    negotiating  written and addressed                                                      :mod:`.negotiating`

State lives here; the applications that use it (:mod:`jinyun.cloud.apps`) keep none.
"""
