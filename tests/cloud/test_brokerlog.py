"""The broker's log: refusals become findings, everything else passes by."""

from pathlib import Path

from jinyun.cloud.brokerlog import BrokerLog

LINES = """[1] 2026/11/22 13:21:30.772387 [INF] Server is ready
[1] 2026/11/22 13:21:30.772387 [ERR] 127.0.0.1:38197 - mid:24 - "R2" - Publish Violation - Subject "jinyun.z.rsu.R1.up.spat"
[1] 2026/11/22 13:21:31.000000 [ERR] 10.0.0.7:40000 - mid:25 - TLS handshake error: tls: client didn't provide a certificate
"""


def test_refusals_are_told_once_and_the_log_may_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "broker.log"
    log = BrokerLog(path)
    assert log.findings(1) == []
    path.write_text(LINES + "[1] half a li")
    foreign, certificate = log.findings(2)
    assert (foreign.rule, foreign.source) == ("topic.foreign", "R2") and "R1.up.spat" in foreign.reason
    assert (certificate.rule, certificate.source) == ("certificate.refused", "10.0.0.7")
    assert log.findings(3) == []
    path.write_text(LINES)
    assert len(log.findings(4)) in (0, 2)
    path.write_text("")
    assert log.findings(5) == []
    path.write_text(LINES)
    assert len(log.findings(6)) == 2


def test_lines_before_the_start_are_not_news(tmp_path: Path) -> None:
    path = tmp_path / "broker.log"
    path.write_text(LINES)
    assert BrokerLog(path).findings(1) == []
