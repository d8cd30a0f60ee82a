"""Recorded drives (实车记录): a drive that took place, judged like one that was played.

``forms``    the files a drive comes in: a plain table, a zone's positions and truth, a shuttle's recorder, a case of a run
``plain``    the plain table, column by column
``clock``    everybody on one clock, ten times a second; gaps are gaps
``ground``   the road beneath: limits, lanes and their direction, from OpenDRIVE or a zone's map
``conduct``  what only a drive on a road is asked: wrong way, off the road, stop lines
``judging``  measures, rules, verdict, score; by the rules of the road or those of an item of the catalogue
``page``     all that as one page

The road of a drive is its own path: the one judged drives along it, others are ahead of it, beside or behind.
"""
