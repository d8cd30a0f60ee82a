"""``python -m jinyun.trial.onroad``: supervision as a process, with measures and rules at work on every test vehicle."""

from jinyun.supervision.__main__ import main
from jinyun.trial.onroad.watching import OnRoad

if __name__ == "__main__":
    main(lambda zone, map: [OnRoad(zone, map)])
