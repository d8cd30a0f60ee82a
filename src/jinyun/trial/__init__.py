"""The proving ground (测试·评价·准入): scenarios, systems under test, measures, verdicts, admission.

``scenario``   scenarios as data: OpenSCENARIO XML read and written, a compact form that compiles to it, ranges of parameters
``road``       the road a scenario plays on: OpenDRIVE with its own station and lane coordinates, and roads made by rule
``storyboard`` plays a scenario: states of its elements, conditions, actions, motion
``driver``     systems under test behind one interface, and competent drivers as yardsticks
``measure``    values with validity, from rows of a run
``catalogue``  what is tested: items of standards and of our own, each with its cases
``verdict``    from rows to a verdict, an evaluation and an admission
``recorded``   drives that took place, judged like those that were played
``traffic``    the other executor: a scenario among SUMO's traffic
``onroad``     measures and rules at work on supervised vehicles, and the week of each company

It reads maps and records, plays no zone and, but for ``onroad``, needs no broker. All that it plays is simulated and says so.
"""
