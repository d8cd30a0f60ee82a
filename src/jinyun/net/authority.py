"""Who may speak: the zone's certificate authority (X.509, ECDSA P-256), its enrolled devices and their revocation.

A device's certificate carries the DNS name ``c{serial}.{device}.{kind}.{zone}.jinyun``; the broker maps that name to a user
who may publish and subscribe that device's own topics and nothing else, so revoking takes one certificate's user away.
Private keys rest encrypted (PKCS #8, PBES2) with the passphrase in ``JINYUN_PASSPHRASE``. A device that makes its own key
sends a request (CSR), and its key never leaves it.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jinyun.net import topics
from jinyun.state import authority_dir, write_private

PASSPHRASE = "JINYUN_PASSPHRASE"
AUTHORITY_DAYS = 3650
BROKER_DAYS = 397
DEVICE_DAYS = 365
KINDS = ("rsu", "obu", "sensor", "gateway", "street")
"""What is enrolled: devices; an RSU gateway, whose envelopes name the RSU; a simulated street, which plays them all."""


class AuthorityError(Exception):
    """The authority cannot do what was asked; one clear line with the cure."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One certificate that was issued, and whether it still counts."""

    device: str
    kind: str
    serial: str  # hex
    issued: str  # ISO 8601
    expires: str
    revoked: str = ""

    @property
    def counts(self) -> bool:
        return not self.revoked and datetime.fromisoformat(self.expires) > datetime.now(UTC)


def device_name(zone: str, kind: str, device: str, serial: str) -> str:
    """Return the name in one certificate of a device, by which the broker knows it."""
    return f"c{serial}.{device}.{kind}.{zone}.jinyun"


def permissions(zone: str, kind: str, device: str) -> tuple[list[str], list[str]]:
    """Return the NATS subjects a device may publish and those it may subscribe."""
    if kind == "gateway":
        return ["V2X//RSU//*//UP"], [f"V2X//RSU//*//{device}//DOWN"]
    if kind == "street":
        own = [f"jinyun.{zone}.{known}.*.up.*" for known in topics.DEVICE_KINDS]
        own.append(topics.cabin_subject(zone))
        return own, [f"jinyun.{zone}.*.*.down.*"]
    up, down = [f"jinyun.{zone}.{kind}.{device}.up.*"], [f"jinyun.{zone}.{kind}.{device}.down.*"]
    if kind == "rsu":  # its own topics in OpenV2X's scheme as well
        up += [f"V2X.RSU.{device}.*.UP", f"V2X.RSU.{device}.*.UP.DAWNLINE", f"V2X.RSU.{device}.*.DOWN.ACK"]
        down += [f"V2X.RSU.{device}.*.DOWN", f"V2X.RSU.{device}.*.UP.ACK"]
    return up, down


def _key_pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes) -> bytes:
    encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _certificate(
    subject: str,
    public: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    days: float,
    names: list[x509.GeneralName],
    usage: x509.ObjectIdentifier | None,
    serial: int | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=0 if usage is None else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """The authority of one zone, in a folder: ``ca.pem``, ``ca.key`` (encrypted), ``broker.*``, ``devices.json``."""

    def __init__(self, folder: Path, zone: str) -> None:
        self.folder, self.zone = folder, zone

    @property
    def exists(self) -> bool:
        return (self.folder / "ca.pem").exists()

    @property
    def certificate_file(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def broker_certificate_file(self) -> Path:
        return self.folder / "broker.pem"

    def create(self, passphrase: str, names: list[str]) -> None:
        """Make the authority and the broker's certificate for host ``names`` (and addresses)."""
        if self.exists:
            raise AuthorityError(f"{self.folder} holds an authority already")
        if len(passphrase) < 12:
            raise AuthorityError(f"the passphrase in {PASSPHRASE} has fewer than 12 characters")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        name = f"Jinyun zone {self.zone}"
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = _certificate(name, key.public_key(), issuer, key, AUTHORITY_DAYS, [], None)
        write_private(self.folder / "ca.key", _key_pem(key, passphrase.encode()))
        self._write_devices([])
        self._issue_broker(key, certificate, passphrase, names)
        write_private(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))

    def _issue_broker(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, passphrase: str, names: list[str]
    ) -> None:
        alternatives: list[x509.GeneralName] = []
        for name in dict.fromkeys(["localhost", "127.0.0.1", "::1", *names]):
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                alternatives.append(x509.DNSName(name))
        broker_key = ec.generate_private_key(ec.SECP256R1())
        issued = _certificate(
            f"broker.{self.zone}.jinyun", broker_key.public_key(), certificate.subject, key, BROKER_DAYS,
            alternatives, ExtendedKeyUsageOID.SERVER_AUTH,
        )  # fmt: skip
        write_private(self.folder / "broker.key", _key_pem(broker_key, passphrase.encode()))
        write_private(self.broker_certificate_file, issued.public_bytes(serialization.Encoding.PEM))

    def broker_key(self, passphrase: str) -> bytes:
        """Return the broker's private key in the clear, for its memory only; raises on a wrong passphrase."""
        key = self._load_key("broker.key", passphrase)
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def token(self, passphrase: str) -> str:
        """Return the secret by which the zone's own parts know the broker: derived from its key, stored nowhere."""
        return hmac.new(self.broker_key(passphrase), f"parts of {self.zone}".encode(), "sha256").hexdigest()

    def _load_key(self, name: str, passphrase: str) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key((self.folder / name).read_bytes(), passphrase.encode())
        except FileNotFoundError:
            raise AuthorityError(f"zone {self.zone} has no authority: jinyun admin init --zone {self.zone}") from None
        except ValueError:
            raise AuthorityError(f"{self.folder / name} does not open with the passphrase in {PASSPHRASE}") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def enroll(
        self, passphrase: str, kind: str, device: str, days: float = DEVICE_DAYS, request: bytes | None = None
    ) -> tuple[bytes, bytes | None, str]:
        """Return (certificate PEM, encrypted key PEM or None, key passphrase or "") of a device; renewing is enrolling.

        With ``request`` (a CSR in PEM) the device keeps its own key; otherwise a key is made and encrypted with a fresh
        passphrase that is kept nowhere. An earlier certificate of the device stops counting.
        """
        if kind not in KINDS:
            raise AuthorityError(f"{kind} is no kind of device; there are: {', '.join(KINDS)}")
        if not topics.device_id_is_good(device):
            raise AuthorityError(f"{device!r} cannot stand in a topic: 1-32 letters, digits, _ or -")
        key = self._load_key("ca.key", passphrase)
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        secret, key_pem = "", None
        if request is None:
            device_key = ec.generate_private_key(ec.SECP256R1())
            public = device_key.public_key()
            secret = secrets.token_urlsafe(18)
            key_pem = _key_pem(device_key, secret.encode())
        else:
            public = _requested_key(request)
        serial = x509.random_serial_number()
        name = device_name(self.zone, kind, device, f"{serial:x}")
        certificate = _certificate(
            f"{kind}/{device}", public, authority.subject, key, days, [x509.DNSName(name)],
            ExtendedKeyUsageOID.CLIENT_AUTH, serial,
        )  # fmt: skip
        now = datetime.now(UTC)
        others = [self._revoked(e, now) if (e.kind, e.device) == (kind, device) else e for e in self.devices()]
        fresh = Enrolment(
            device, kind, f"{serial:x}", now.isoformat(timespec="seconds"),
            certificate.not_valid_after_utc.isoformat(timespec="seconds"),
        )  # fmt: skip
        self._write_devices([*others, fresh])
        return certificate.public_bytes(serialization.Encoding.PEM), key_pem, secret

    @staticmethod
    def _revoked(enrolment: Enrolment, now: datetime) -> Enrolment:
        if enrolment.revoked:
            return enrolment
        return Enrolment(**{**asdict(enrolment), "revoked": now.isoformat(timespec="seconds")})

    def revoke(self, kind: str, device: str) -> None:
        """Stop every certificate of a device from counting; a running broker follows within seconds."""
        known = self.devices()
        if not any((e.kind, e.device) == (kind, device) and not e.revoked for e in known):
            raise AuthorityError(f"{kind}/{device} is not enrolled in zone {self.zone}")
        now = datetime.now(UTC)
        self._write_devices([self._revoked(e, now) if (e.kind, e.device) == (kind, device) else e for e in known])

    def devices(self) -> list[Enrolment]:
        """Return every enrolment, the oldest first."""
        try:
            listed = json.loads((self.folder / "devices.json").read_text())
        except FileNotFoundError:
            return []
        return [Enrolment(**row) for row in listed]

    def _write_devices(self, enrolments: list[Enrolment]) -> None:
        rows = [asdict(enrolment) for enrolment in enrolments]
        write_private(self.folder / "devices.json", json.dumps(rows, indent=1).encode())


def _requested_key(request: bytes) -> ec.EllipticCurvePublicKey:
    """Return the public key of a CSR; raises unless it is P-256 and signed by its own key."""
    try:
        csr = x509.load_pem_x509_csr(request)
        public = csr.public_key()
        if not (isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1)):
            raise AuthorityError("the request's key is not ECDSA P-256")
        if not csr.is_signature_valid:
            raise InvalidSignature
    except (ValueError, InvalidSignature):
        raise AuthorityError("the request is no certificate request signed by its own key") from None
    return public


def passphrase_from_environment() -> str:
    """Return the passphrase; raises with the cure where there is none."""
    found = os.environ.get(PASSPHRASE, "")
    if not found:
        raise AuthorityError(f"set {PASSPHRASE} to the passphrase of the zone's keys")
    return found


def parts_token(zone: str) -> str | None:
    """Return the parts' secret of a guarded zone that runs here, None where it has no authority or no passphrase is set.

    Raises :class:`AuthorityError` for the wrong passphrase.
    """
    authority = Authority(authority_dir(zone), zone)
    passphrase = os.environ.get(PASSPHRASE)
    return authority.token(passphrase) if passphrase and authority.exists else None


def hint(zone: str) -> str:
    """Return what to add to a refusal of the zone's broker: the passphrase that is missing, or nothing."""
    guarded = Authority(authority_dir(zone), zone).exists
    return f" (the zone is guarded: set {PASSPHRASE})" if guarded and not os.environ.get(PASSPHRASE) else ""
