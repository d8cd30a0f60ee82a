"""Scenarios as data (场景): what OpenSCENARIO XML 1.x says, read without leaving anything out silently.

``reading`` turns a file into the shapes of ``model``; ``compact`` turns our own short form into OpenSCENARIO XML, so that both
play through one interpreter; ``ranges`` makes concrete scenarios of logical ones.
"""
