"""Desk (服务台): where the applications answer, frame by frame: the process that an adviser starts.

``python -m jinyun.cloud.desk`` ends with the one that started it.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
from dataclasses import replace
from pathlib import Path

from jinyun import hdmap, zone
from jinyun.cloud.adviser import Question, Reply
from jinyun.cloud.advising import Advising
from jinyun.cloud.passage import Passage, PassageClosed
from jinyun.cloud.prediction import roadway
from jinyun.cloud.sources import Source
from jinyun.cloud.warm import advise
from jinyun.parent import end_with_parent

NICENESS = 5
"""So much lower is its priority than the picture's."""


class Desk:
    """The applications, and who their senders are."""

    def __init__(self, its: zone.Zone, map: hdmap.Map) -> None:
        self.senders: dict[int, Source] = {}
        self.advising = Advising(its, map, roadway(map), self._name_of)

    def _name_of(self, row: int) -> str:
        source = self.senders.get(row)
        return source.name if source else "?"

    def reply(self, question: Question) -> Reply:
        """Return what the applications make of a frame."""
        advising = self.advising
        for row, kind, device in question.senders:
            known = self.senders.pop(row, None)
            if kind:
                self.senders[row] = Source(row, kind, device)
            if known is not None and known != self.senders.get(row):
                advising.road_events.forget([row])
        advising.foretold_s = question.foretold_s
        findings = advising.note(question.reports, question.speaks, question.road)
        advising.hear(question.heard)
        answer = advising.answer(advising.asked(question.frame), self.senders.get)
        answer = replace(answer, located=None, paths=None, findings=findings + answer.findings)
        return Reply(answer, advising.account())


def main() -> None:
    """Answer until the other end is gone."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.cloud.desk")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--passage", required=True, help="descriptors that the cloud has opened")
    args = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever ends the cloud ends this
    end_with_parent()
    link, out, into = map(int, args.passage.split(","))
    passage = Passage.inherited((link, out, into))
    its = zone.load(args.zone)
    map_ = hdmap.open(its)
    advise(its, map_)
    os.nice(NICENESS)  # now that it is ready: its beginning is waited for
    desk = Desk(its, map_)
    gc.collect()
    gc.freeze()
    try:
        passage.put("ready")
        while True:
            passage.put(desk.reply(passage.get()))
    except PassageClosed:
        pass


if __name__ == "__main__":
    main()
