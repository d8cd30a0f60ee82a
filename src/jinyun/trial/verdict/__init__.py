"""From rows to a verdict (结论), from verdicts to an evaluation (评价), from that to an admission (准入).

``rules``      one rule, one question to a run: passed, failed or invalid, with the rows that prove it
``case``       plays one concrete case with one driver and judges it
``item``       N of M cases make an item's verdict
``sheet``      the score sheet and how much of the operational design domain the cases cover
``ledger``     what a vehicle has driven and what happened, against the conditions of each stage
``sealing``    hashes of the evidence under one signature, checked by a script that needs nothing of ours
``certificate`` a draft in Chinese and English, as a page and as PDF
``comparing``  two builds: verdicts that changed
"""
