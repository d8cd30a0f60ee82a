"""Check a sealed folder with Python's own library alone: ``python verify.py [FOLDER]``. Exit code 1: not as it was sealed.

The signature is Ed25519 by RFC 8032, section 5.1; the manifest names the public key: compare it with the one you were given.
"""

import hashlib
import json
import sys
from pathlib import Path

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def add(a: Point, b: Point) -> Point:
    """Add two points in extended coordinates."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def times(n: int, point: Point) -> Point:
    """Multiply a point."""
    found = (0, 1, 1, 0)
    while n:
        if n & 1:
            found = add(found, point)
        point = add(point, point)
        n >>= 1
    return found


def unpacked(data: bytes) -> Point:
    """Read a point; raises ``ValueError`` where the bytes are none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(data) != 32 or y >= P:
        raise ValueError("no point")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square or (x == 0 and sign):
        raise ValueError("no point")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature is the key's over a message."""
    try:
        of, r = unpacked(key), unpacked(signature[:32])
    except ValueError:
        return False
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    y = 4 * pow(5, P - 2, P) % P
    base = unpacked(y.to_bytes(32, "little"))
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    one, other = times(s, base), add(r, times(h, of))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def main(folder: Path) -> int:
    """Print every fault and what the folder is; return the exit code."""
    data = (folder / "manifest.json").read_bytes()
    manifest = json.loads(data)
    signature = bytes.fromhex((folder / "manifest.sig").read_text().strip())
    faults = []
    if not signed(bytes.fromhex(manifest["public_key"]), data, signature):
        faults.append("manifest.json: is not what was signed")
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "manifest.sig")
    }
    for name in sorted(there ^ set(manifest["files"])):
        faults.append(f"{name}: {'was added' if name in there else 'is missing'}")
    for name in sorted(there & set(manifest["files"])):
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != manifest["files"][name]["sha256"]:
            faults.append(f"{name}: was changed")
    print(*faults, sep="\n" if faults else "")
    print(f"{len(manifest['files'])} files, key {manifest['public_key']}: {'NOT as sealed' if faults else 'as sealed'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
