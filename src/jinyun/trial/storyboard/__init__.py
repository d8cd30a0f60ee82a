"""Plays a scenario: actors on roads, actions that move them, conditions, and the states of the storyboard's elements.

``actor`` holds one participant and moves it along its road; ``places`` turns positions into places; ``acting`` and ``courses``
carry out actions; ``asking`` decides conditions; ``board`` is the state machine; ``play`` the clock around all.
"""
