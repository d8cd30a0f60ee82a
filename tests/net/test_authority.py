"""Who may speak: enrolment, and what a real broker refuses."""

from __future__ import annotations

import os
import signal
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jinyun.net import broker
from jinyun.net.authority import Authority, AuthorityError
from tests.conftest import Broker, free_port, wait_for

SECRET = "a passphrase of tests"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    found = Authority(tmp_path / "authority", "z")
    found.create(SECRET, ["zone.example"])
    return found


def test_keys_rest_encrypted_and_open_with_the_passphrase_alone(authority: Authority) -> None:
    for name in ("ca.key", "broker.key"):
        path = authority.folder / name
        assert b"ENCRYPTED" in path.read_bytes() and path.stat().st_mode & 0o077 == 0
        with pytest.raises(TypeError):
            serialization.load_pem_private_key(path.read_bytes(), None)
    with pytest.raises(AuthorityError, match="does not open"):
        authority.enroll("another passphrase", "rsu", "R1")
    with pytest.raises(AuthorityError, match="holds an authority already"):
        authority.create(SECRET, [])


def test_a_device_that_keeps_its_own_key_sends_a_request(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anything")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem, made, secret = authority.enroll(SECRET, "rsu", "R1", request=csr.public_bytes(serialization.Encoding.PEM))
    assert made is None and secret == ""
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.public_key() == key.public_key()
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_file.read_bytes()))


@pytest.mark.parametrize(("kind", "device"), [("tram", "R1"), ("rsu", "a/b"), ("rsu", ""), ("rsu", "x" * 33)])
def test_what_cannot_be_enrolled_is_said(authority: Authority, kind: str, device: str) -> None:
    with pytest.raises(AuthorityError):
        authority.enroll(SECRET, kind, device)
    with pytest.raises(AuthorityError):
        authority.enroll(SECRET, "rsu", "R1", request=b"nonsense")


def test_enrolling_again_ends_the_earlier_certificate_and_revoking_the_last(authority: Authority) -> None:
    authority.enroll(SECRET, "rsu", "R1")
    authority.enroll(SECRET, "rsu", "R1")
    assert [enrolment.counts for enrolment in authority.devices()] == [False, True]
    authority.revoke("rsu", "R1")
    assert [enrolment.counts for enrolment in authority.devices()] == [False, False]
    with pytest.raises(AuthorityError, match="not enrolled"):
        authority.revoke("rsu", "R1")


class Guarded(Broker):
    """A real nats-server that takes certificates of one authority only."""

    authority: Authority
    key: bytes

    def configure(self) -> None:
        guard = broker.Guard.of(self.authority, str(self.folder / "key.pem"), "token")
        text = broker.configuration("t", "127.0.0.1", self.nats_port, self.mqtt_port, self.folder, guard=guard)
        (self.folder / "nats.conf").write_text(text)

    def start(self) -> None:
        import subprocess

        (self.folder / "key.pem").write_bytes(self.key)
        self.configure()
        self.log = self.folder / "log"
        argv = [broker.binary(), "-c", str(self.folder / "nats.conf"), "-l", str(self.log)]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: "Server is ready" in (self.log.read_text() if self.log.exists() else ""), what="broker")

    def reload(self) -> None:
        self.configure()
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGHUP)


@pytest.fixture
def guarded(tmp_path: Path, authority: Authority) -> Iterator[Guarded]:
    server = Guarded(free_port(), free_port(), tmp_path / "broker")
    server.folder.mkdir()
    server.authority, server.key = authority, authority.broker_key(SECRET)
    yield server
    server.kill()


def credentials(folder: Path, enrolled: tuple[bytes, bytes | None, str], name: str) -> tuple[str, str, str]:
    certificate, key, secret = enrolled
    assert key is not None
    (folder / f"{name}.pem").write_bytes(certificate)
    (folder / f"{name}.key").write_bytes(key)
    return str(folder / f"{name}.pem"), str(folder / f"{name}.key"), secret


class Device:
    """A paho client as a maker would write it."""

    def __init__(self, server: Guarded, files: tuple[str, str, str] | None, name: str = "d") -> None:
        self.connected, self.gone = threading.Event(), threading.Event()
        self.got: list[str] = []
        self.subscribed: list[int] = []
        context = ssl.create_default_context(cafile=str(server.authority.certificate_file))
        if files:
            context.load_cert_chain(files[0], files[1], files[2])
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, name)
        self.client.tls_set_context(context)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: None if reason.is_failure else self.connected.set()
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_message = lambda _c, _u, m: self.got.append(m.topic)
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self.subscribed.extend(code.value for code in codes)
        self.failure = ""
        try:
            self.client.connect("localhost", server.mqtt_port)
            self.client.loop_start()
        except (OSError, ssl.SSLError) as error:
            self.failure = str(error)

    def is_refused(self) -> bool:
        """Return whether the broker would not have it, however TLS 1.2 or 1.3 words that."""
        wait_for(lambda: self.failure or self.connected.is_set() or self.gone.is_set(), 15, "an answer")
        return not self.connected.is_set()

    def end(self) -> None:
        self.client.loop_stop()
        self.client.disconnect()


@pytest.mark.integration
def test_a_device_speaks_and_hears_its_own_topics_and_no_others(guarded: Guarded, tmp_path: Path) -> None:
    files = {name: credentials(tmp_path, guarded.authority.enroll(SECRET, kind, name), name) for name, kind in
             (("R1", "rsu"), ("R2", "rsu"), ("S", "street"))}  # fmt: skip
    guarded.start()
    first, second, street = (Device(guarded, files[name], name) for name in ("R1", "R2", "S"))
    assert not (first.is_refused() or second.is_refused() or street.is_refused())
    for device in (first, second):
        device.client.subscribe([("jinyun/z/rsu/R1/down/rsi", 0), ("jinyun/z/rsu/R1/up/spat", 0)])
        wait_for(lambda device=device: len(device.subscribed) == 2, what="answers to subscriptions")
    assert first.subscribed == [0, 128] and second.subscribed == [128, 128]
    second.client.publish("jinyun/z/rsu/R1/up/spat", b"a lie")
    log = guarded.log
    wait_for(lambda: "Publish Violation" in log.read_text(), what="violation logged")
    line = next(line for line in log.read_text().splitlines() if "Publish Violation" in line)
    assert broker.complaint(line) == ("topic.foreign", "R2", "jinyun.z.rsu.R1.up.spat")
    for device in (first, second, street):
        device.end()


@pytest.mark.integration
def test_strangers_are_refused(guarded: Guarded, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "z")
    other.create(SECRET, [])
    expired = credentials(tmp_path, guarded.authority.enroll(SECRET, "rsu", "OLD", days=-0.001), "OLD")
    foreign = credentials(tmp_path, other.enroll(SECRET, "rsu", "R1"), "foreign")
    revoked = credentials(tmp_path, guarded.authority.enroll(SECRET, "rsu", "R9"), "R9")
    guarded.authority.revoke("rsu", "R9")
    good = credentials(tmp_path, guarded.authority.enroll(SECRET, "rsu", "R1"), "R1")
    guarded.start()
    for name, files in (("none", None), ("expired", expired), ("foreign", foreign), ("revoked", revoked)):
        device = Device(guarded, files)
        assert device.is_refused(), name
        device.end()
    device = Device(guarded, good)
    assert not device.is_refused()
    device.end()


@pytest.mark.integration
def test_revoking_cuts_a_connected_device_and_leaves_its_neighbour(guarded: Guarded, tmp_path: Path) -> None:
    files = {name: credentials(tmp_path, guarded.authority.enroll(SECRET, "rsu", name), name) for name in ("R1", "R2")}
    guarded.start()
    first, second = Device(guarded, files["R1"], "R1"), Device(guarded, files["R2"], "R2")
    assert not (first.is_refused() or second.is_refused())
    guarded.authority.revoke("rsu", "R1")
    guarded.reload()
    wait_for(first.gone.is_set, 10, "the revoked device cut off")
    assert not second.gone.is_set()
    first.end()
    second.end()
