"""Prove an event pack with nothing but Python's standard library: python3 verify.py PACK [--key HEX]

PACK is a pack's folder or its .zip. Proved are the signature of manifest.json (Ed25519, RFC 8032), the SHA-256 of every
file, the Merkle root over them (RFC 6962: leaves 00, nodes 01), that nothing was added, and the chain of the recorded
blocks. --key is the zone's public key as you know it from elsewhere; without it only the pack's own key is used, and that
is said.

用标准库验证事件证据包：python3 verify.py 证据包 [--key 公钥]
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
MAGIC, HEAD = b"JYREC2\r\n", struct.Struct("<2sBBIIIqq")

# Ed25519 on plain integers, points in extended coordinates (X, Y, Z, T).
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n: int, p: Point) -> Point:
    q: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


def point(data: bytes) -> Point | None:
    """Return the point that 32 bytes stand for, None for none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def same(p: Point, q: Point) -> bool:
    return not (p[0] * q[2] - q[0] * p[2]) % P and not (p[1] * q[2] - q[1] * p[2]) % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Return whether 64 bytes are the signature of data under 32 bytes of key."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or BASE is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % ORDER
    return same(times(s, BASE), add(r, times(k, a)))


def merkle(leaves: list[bytes]) -> bytes:
    """Return the root over SHA-256 leaves (RFC 6962, 2.1)."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + merkle(leaves[:half]) + merkle(leaves[half:])).digest()


class Pack:
    """The files of a pack, in a folder or in a zip."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.zip = None if self.path.is_dir() else zipfile.ZipFile(self.path)

    def names(self) -> list[str]:
        if self.zip is not None:
            return sorted(name for name in self.zip.namelist() if not name.endswith("/"))
        return sorted(path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file())

    def read(self, name: str) -> bytes:
        return self.zip.read(name) if self.zip is not None else (self.path / name).read_bytes()


def chain_faults(name: str, data: bytes, chain: bytes) -> list[str]:
    """Return what is wrong with recorded blocks that must follow a chain value."""
    if not data.startswith(MAGIC):
        return [f"{name}: is no recorded file"]
    at = len(MAGIC)
    while at < len(data):
        head = data[at : at + 36]
        if len(head) < 36 or zlib.crc32(head[:32]) != int.from_bytes(head[32:], "little"):
            return [f"{name}: the head of the block at byte {at} is broken"]
        stored = HEAD.unpack(head[:32])[4]
        said, content = data[at + 36 : at + 68], data[at + 68 : at + 68 + stored]
        if len(content) < stored or hashlib.sha256(chain + head + content).digest() != said:
            return [f"{name}: the block at byte {at} is not what was recorded"]
        chain, at = said, at + 68 + stored
    return []


def verify(path: Path | str, key: str | None = None) -> tuple[dict[str, Any], list[str]]:
    """Return (manifest, list of faults); each fault names the file."""
    try:
        pack = Pack(path)
        names = pack.names()
        raw = pack.read(MANIFEST)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        return {}, [f"{MANIFEST}: cannot be read: {error}"]
    faults = []
    try:
        signature = json.loads(pack.read(SIGNATURE))
        public = bytes.fromhex(signature["key"])
        if not is_signed(public, raw, bytes.fromhex(signature["signature"])):
            faults.append(f"{MANIFEST}: its signature in {SIGNATURE} is wrong")
        if signature["key"] != public.hex() or signature["signature"] != signature["signature"].lower():
            faults.append(f"{SIGNATURE}: is not written as it was")
        if key is not None and signature["key"] != key:
            faults.append(f"{SIGNATURE}: signed with {signature['key']}, not with {key}")
        if set(signature) != {"key", "signature", "form"} or signature["form"] != "ed25519":
            faults.append(f"{SIGNATURE}: is not of the form that was written")
        if json.dumps(signature, sort_keys=True).encode() + b"\n" != pack.read(SIGNATURE):
            faults.append(f"{SIGNATURE}: is not written as it was")
    except Exception as error:  # whatever stands there
        faults.append(f"{SIGNATURE}: cannot be read: {error}")
    try:
        manifest = json.loads(raw)
        files = {entry["name"]: entry for entry in manifest["files"]}
        root = bytes.fromhex(manifest["merkle_root"])
    except Exception as error:
        return {}, [*faults, f"{MANIFEST}: cannot be read: {error}"]
    if any(fault.startswith(MANIFEST) for fault in faults):
        return manifest, faults  # what it says of the files is worth nothing
    leaves = []
    for name, entry in sorted(files.items()):
        try:
            data = pack.read(name)
        except (KeyError, FileNotFoundError):
            faults.append(f"{name}: is missing")
            continue
        except Exception as error:
            faults.append(f"{name}: cannot be read: {error}")
            continue
        if len(data) != entry["bytes"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
            faults.append(f"{name}: was changed")
        elif "chain_before" in entry:
            faults += chain_faults(name, data, bytes.fromhex(entry["chain_before"]))
        leaves.append(hashlib.sha256(name.encode() + b"\0" + data).digest())
    if merkle(leaves) != root and not faults:
        faults.append(f"{MANIFEST}: the Merkle root is not that of the files")
    for name in names:
        if name not in files and name not in (MANIFEST, SIGNATURE):
            faults.append(f"{name}: was added")
    return manifest, faults


def main(argv: list[str]) -> int:
    words = [word for word in argv if not word.startswith("--")]
    key = argv[argv.index("--key") + 1] if "--key" in argv[:-1] else None
    words = [word for word in words if word != key]
    path: Path | str = words[0] if words else Path(__file__).resolve().parent
    manifest, faults = verify(path, key)
    for fault in faults:
        print("FAULT", fault)
    if faults:
        print("NOT as it was sealed 证据包已被改动")
        return 1
    print(f"{manifest['id']}: {len(manifest['files'])} files as they were sealed 证据包完整")
    if key is None:
        print("  by the key in the pack; give --key to prove whose it is 未核对公钥来源")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
