"""On the open road (开放道路): the measures and rules of the proving ground at work on every supervised vehicle.

``moment``   measures of one instant: one vehicle and all around it
``watching`` beside supervision: what each test vehicle's own data and the zone's frames say, day by day into the ledger
``weekly``   the week's report by company

``python -m jinyun.trial.onroad`` is supervision with this at work in it; ``jinyun run`` starts it.
"""
