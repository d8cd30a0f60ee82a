"""Advice as episodes: opened once, said again in time, closed when it has ended; instants written out."""

import numpy as np

from jinyun.cloud.apps.application import Urgency, advice
from jinyun.cloud.apps.book import Book, Terms

T0 = 1_790_000_000_000_000


def book(hold=0.2, linger=1.0, repeat=1.0):
    return Book(Terms(*(np.array([value]) for value in (hold, linger, repeat))))


def run(book, *frames, step_us=100_000):
    """Turn the book frame by frame; return per frame how many (opened, repeated, closed)."""
    counts = []
    for k, rows in enumerate(frames):
        turned = book.turn(rows, T0 + k * step_us)
        counts.append((len(turned.opened), len(turned.repeated), len(turned.closed)))
    return counts


WARN = advice([7], about=9)
NONE = advice([])


def test_advice_opens_only_after_it_has_held():
    assert run(book(hold=0.2), WARN, WARN, WARN, WARN) == [(0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0)]


def test_one_look_alone_opens_nothing():
    assert run(book(hold=0.2), WARN, NONE, WARN, NONE, WARN) == [(0, 0, 0)] * 5


def test_it_is_said_again_each_second_and_closes_a_second_after_it_ended():
    counts = run(book(hold=0.0), *[WARN] * 12, *[NONE] * 12)
    assert counts[0] == (1, 0, 0)
    assert [k for k, c in enumerate(counts) if c[1]] == [10]
    assert [k for k, c in enumerate(counts) if c[2]] == [22]  # the last held at 11; more than a second later


def test_a_gap_shorter_than_it_lingers_neither_closes_nor_opens():
    assert sum(c[0] for c in run(book(hold=0.0), WARN, *[NONE] * 5, WARN, WARN)) == 1


def test_what_becomes_more_urgent_is_said_at_once_and_keeps_its_number():
    held = book(hold=0.0)
    first = held.turn(WARN, T0).opened
    again = held.turn(advice([7], about=9, urgency=Urgency.ACT), T0 + 100_000).repeated
    assert again["episode"].tolist() == first["episode"].tolist()
    assert again["urgency"].tolist() == [Urgency.ACT]
    assert len(held.turn(advice([7], about=9, urgency=Urgency.WARN), T0 + 200_000).repeated) == 0


def test_different_receivers_and_causes_are_different_episodes_and_the_more_urgent_of_equals_holds():
    held = book(hold=0.0)
    rows = advice([7, 7, 8, 7], about=[9, 10, 9, 9], urgency=[2, 2, 2, 3])
    turned = held.turn(rows, T0)
    assert len(turned.opened) == 3
    assert sorted(zip(turned.opened["receiver"], turned.opened["about"], turned.opened["urgency"], strict=True)) == [
        (7, 9, 3), (7, 10, 2), (8, 9, 2),
    ]  # fmt: skip


def test_the_book_agrees_with_a_plain_account_of_random_frames():
    """The same rules kept in a dictionary, one advice at a time."""
    rng = np.random.default_rng(3)
    held, plain = book(hold=0.2, linger=0.5, repeat=0.7), {}
    for k in range(300):
        now = T0 + k * 100_000
        pairs = {(int(a), int(b)) for a, b in zip(rng.integers(1, 5, 6), rng.integers(1, 4, 6), strict=True)}
        pairs = {p for p in pairs if rng.random() < 0.7}
        turned = held.turn(advice([a for a, _ in pairs], about=[b for _, b in pairs]), now)
        opened, repeated, closed = set(), set(), set()
        for p in list(plain):
            e = plain[p]
            if p not in pairs and now - e["last"] > (500_000 if e["said"] else 0):
                if e["said"]:
                    closed.add(p)
                del plain[p]
        for p in pairs:
            e = plain.setdefault(p, {"held": now, "last": now, "said": 0})
            e["last"] = now
            if not e["said"] and now - e["held"] >= 200_000:
                opened.add(p)
                e["said"] = now
            elif e["said"] and now - e["said"] >= 700_000:
                repeated.add(p)
                e["said"] = now

        def told(rows):
            return set(zip(rows["receiver"].tolist(), rows["about"].tolist(), strict=True))

        assert (told(turned.opened), told(turned.repeated), told(turned.closed)) == (opened, repeated, closed), k
