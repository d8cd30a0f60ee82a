"""The account for Prometheus, read back by its own parser."""

from prometheus_client.parser import text_string_to_metric_families

from jinyun.centre.metrics import exposition

STATUS = {
    "refused": 3, "lost": 0, "received": {"bsm": 10, "rsm": 2}, "by_kind": {"motor": 7, "pedestrian": 1},
    "hops_ms": {"decode": {"p50": 1.0, "p99": 4.0}, "fuse": {"p50": None, "p99": None}},
    "latency_ms": {"p50": 60.0, "p99": 120.0}, "viewers": 2, "cloud_fresh": True,
    "parts": [{"name": "cloud", "restarts": 1}],
    "devices": [{"id": 'R"1', "state": "online", "delay_ms": {"p50": 20.0, "p99": None}}, {"id": "R2", "state": "silent"}],
}  # fmt: skip


def samples(status: dict) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition(status).decode())
        for sample in family.samples
    }


def test_every_figure_of_the_status_is_told_in_base_units() -> None:
    got = samples(STATUS)
    assert got["jinyun_refused_total",] == 3
    assert got["jinyun_received_total", "bsm"] == 10
    assert got["jinyun_participants", "motor"] == 7
    assert got["jinyun_latency_seconds", "decode", "0.99"] == 0.004
    assert got["jinyun_latency_seconds", "receive_to_published", "0.5"] == 0.06
    assert ("jinyun_latency_seconds", "fuse", "0.5") not in got
    assert got["jinyun_devices", "online"] == 1 and got["jinyun_devices", "silent"] == 1
    assert got["jinyun_device_age_seconds", 'R"1', "0.5"] == 0.02
    assert got["jinyun_part_restarts_total", "cloud"] == 1
    assert got["jinyun_cloud_up",] == 1


def test_a_cloud_that_was_never_heard_is_told_as_down() -> None:
    assert samples({"viewers": 0})["jinyun_cloud_up",] == 0
