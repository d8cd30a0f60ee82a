"""Evaluation of the applications (协同应用评测): how right their advice is, against the simulated street's true future.

    watching      one street, its truth, and the clouds that watch it                    :mod:`.watching`
    lives         what became of everybody                                               :mod:`.lives`
    contact       who would touch whom, driven on                                        :mod:`.contact`
    labels        must, clear and neither; events                                        :mod:`.labels`
    collisions    FCW, EBW, ICW, LTA, VRUCW, DNPW                                        :mod:`.collisions`
    rules         RLVW, SLW                                                              :mod:`.rules`
    borders       BSW                                                                    :mod:`.borders`
    others        EVW, AVW, CLW                                                          :mod:`.others`
    jams          TJW                                                                    :mod:`.jams`
    guidance      GLOSA, whose advice has no events                                      :mod:`.guidance`
    matching      advice beside events                                                   :mod:`.matching`
    figuring      figures by application and conditions                                  :mod:`.figuring`
    measuring     an evaluation as a whole                                               :mod:`.measuring`

The labels share no code with the applications. What the figures mean: ``docs/applications.md``.
"""
