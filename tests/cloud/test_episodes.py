"""Episodes: one line a cause, however many messages show it."""

from jinyun.cloud.episodes import KEPT, MAX_OPEN, QUIET_US, Episodes
from jinyun.shapes import Finding


def finding(t_us: int, source: str = "rsu/R1", reason: str = "x") -> Finding:
    return Finding("clock.absent", source, "secMark", reason, t_us)


def test_a_static_fault_is_one_episode_that_closes_when_it_ends() -> None:
    episodes = Episodes()
    for n in range(840):
        episodes.note([finding(n * 100_000, reason=f"seen {n}")])
    (row,) = episodes.listing()
    assert (row["count"], row["open"], row["reason"], row["opened_us"]) == (840, True, "seen 839", 0)
    episodes.close_quiet(839 * 100_000 + QUIET_US + 1)
    (row,) = episodes.listing()
    assert not row["open"]
    episodes.note([finding(10**9)])
    assert [r["open"] for r in episodes.listing()] == [True, False]


def test_a_flood_of_causes_is_bounded_and_counted() -> None:
    episodes = Episodes()
    episodes.note(finding(0, source=f"obu/{n}") for n in range(MAX_OPEN + 50))
    assert episodes.unlisted == 50
    assert len(episodes.listing(limit=10_000)) == MAX_OPEN
    episodes.close_quiet(QUIET_US + 1)
    assert len(episodes.listing(limit=10_000)) == KEPT
