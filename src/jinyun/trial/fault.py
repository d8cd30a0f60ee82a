"""What is wrong with a scenario, a catalogue or a record that somebody gave us."""

from __future__ import annotations


class TrialError(Exception):
    """A file or an argument cannot be used; the message names the file, the place in it and the reason."""


class Unsupported(TrialError):
    """A scenario asks for what is not played here; ``names`` are the elements, each with its path in the file."""

    def __init__(self, source: str, names: list[str]) -> None:
        self.names = names
        super().__init__(f"{source}: not played here: {'; '.join(names)}")
