"""Data units of GB/T 32960.3, command by command: a time where there is one, then the fields; both ways, exactly.

Texts are Latin-1 with whatever padding they came with; a shorter one is padded with NUL. Keys, signatures and the bodies of
commands that no public text describes stay bytes under ``raw``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinyun.net.gbt32960.body import Cut, read_items, write_items

Fields = dict[str, Any]
_UNTIMED = frozenset({0x07, 0x08, 0x0A, 0x0B, 0x80, 0x81, 0x82})
"""Commands whose data unit does not begin with a time that we could rely on."""
PACK_CODE = 24
"""Characters of a pack code in edition 2025; 2016 states how many there are."""


def text(value: str, size: int) -> bytes:
    """Return ``value`` as exactly ``size`` bytes; raises ``ValueError`` where it does not fit."""
    found = value.encode("latin-1")
    if len(found) > size:
        raise ValueError(f"{value!r} is longer than {size} characters")
    return found.ljust(size, b"\0")


def raw(data: bytes) -> Fields:
    """Return what stands for bytes that are not read."""
    return {"raw": data} if data else {}


def read_answer(data: bytes) -> tuple[bytes | None, Fields]:
    """Return (time, fields) of an acknowledgement; real ones may have no time at all."""
    return (data[:6], raw(data[6:])) if len(data) >= 6 else (None, raw(data))


def read(edition: int, command: int, data: bytes) -> tuple[bytes | None, Fields]:
    """Return (time, fields) of a command's data unit; raises :class:`~jinyun.net.gbt32960.body.Cut`."""
    if command in _UNTIMED:
        return None, _read_activation_response(data) if command == 0x0A else raw(data)
    if len(data) < 6:
        raise Cut("time", f"{len(data)} bytes, 6 wanted")
    return data[:6], _READERS[command](edition, data)


def write(edition: int, command: int, fields: Fields) -> bytes:
    """Return the bytes of a command's ``fields``, its time apart."""
    return _WRITERS[command](edition, fields)


def _wanted(place: str, data: bytes, size: int) -> bytes:
    """Return what follows the time, which has exactly ``size`` bytes."""
    if len(data) != 6 + size:
        raise Cut(place, f"{len(data) - 6} bytes, {size} wanted")
    return data[6:]


def _serial(fields: Fields) -> bytes:
    serial: int = fields["serial"]
    return serial.to_bytes(2, "big")


def _read_report(edition: int, data: bytes) -> Fields:
    return {"items": read_items(edition, data, 6)}


def _write_report(edition: int, fields: Fields) -> bytes:
    return write_items(edition, fields["items"])


def _read_login(edition: int, data: bytes) -> Fields:
    if len(data) < 29:
        raise Cut("login", f"{len(data) - 6} bytes, 23 or more wanted")
    found: Fields = {"serial": int.from_bytes(data[6:8], "big"), "iccid": data[8:28].decode("latin-1")}
    count, size, at = data[28], PACK_CODE, 29
    if edition == 2016:
        if at == len(data):
            raise Cut("login.code_length", "missing")
        size, at = data[at], at + 1
        found["code_length"] = size
    else:
        if at + count > len(data):
            raise Cut("login.packs_per_system", f"{count} wanted, {len(data) - at} bytes left")
        found["packs_per_system"] = tuple(data[at : at + count])
        at += count
        count = sum(found["packs_per_system"])
    if len(data) - at != count * size:
        raise Cut("login.codes", f"{count} codes of {size} bytes wanted, {len(data) - at} bytes left")
    found["codes"] = tuple(data[at + size * n : at + size * (n + 1)].decode("latin-1") for n in range(count))
    return found


def _write_login(edition: int, fields: Fields) -> bytes:
    codes, size = fields["codes"], PACK_CODE
    if edition == 2016:
        size = fields["code_length"]
        counts = bytes([len(codes), size])
    else:
        counts = bytes([len(fields["packs_per_system"]), *fields["packs_per_system"]])
    head = _serial(fields) + text(fields["iccid"], 20)
    return head + counts + b"".join(text(code, size) for code in codes)


def _read_logout(_: int, data: bytes) -> Fields:
    return {"serial": int.from_bytes(_wanted("serial", data, 2), "big")}


def _write_logout(_: int, fields: Fields) -> bytes:
    return _serial(fields)


def _read_platform_login(_: int, data: bytes) -> Fields:
    found = _wanted("platform_login", data, 35)
    user, password = found[2:14].decode("latin-1"), found[14:34].decode("latin-1")
    return {"serial": int.from_bytes(found[:2], "big"), "user": user, "password": password, "rule": found[34]}


def _write_platform_login(_: int, fields: Fields) -> bytes:
    names = text(fields["user"], 12) + text(fields["password"], 20)
    return _serial(fields) + names + bytes([fields["rule"]])


def _read_activation(_: int, data: bytes) -> Fields:
    at = 24 + int.from_bytes(data[22:24], "big")
    if len(data) < at + 17:
        raise Cut("activation", f"{len(data) - 6} bytes, {at + 11} or more wanted")
    return {"chip": data[6:22].decode("latin-1"), "public_key": data[24:at],
            "vin": data[at : at + 17].decode("latin-1"), "signature": data[at + 17 :]}  # fmt: skip


def _write_activation(_: int, fields: Fields) -> bytes:
    key: bytes = fields["public_key"]
    signature: bytes = fields["signature"]
    return text(fields["chip"], 16) + len(key).to_bytes(2, "big") + key + text(fields["vin"], 17) + signature


def _read_activation_response(data: bytes) -> Fields:
    if len(data) != 2:
        raise Cut("activation_response", f"{len(data)} bytes, 2 wanted")
    return {"result": data[0], "info": data[1]}


def _write_activation_response(_: int, fields: Fields) -> bytes:
    return bytes([fields["result"], fields["info"]])


_READERS: dict[int, Callable[[int, bytes], Fields]] = {
    0x01: _read_login, 0x02: _read_report, 0x03: _read_report, 0x04: _read_logout, 0x05: _read_platform_login,
    0x06: _read_logout, 0x09: _read_activation,
}  # fmt: skip
_WRITERS: dict[int, Callable[[int, Fields], bytes]] = {
    0x01: _write_login, 0x02: _write_report, 0x03: _write_report, 0x04: _write_logout, 0x05: _write_platform_login,
    0x06: _write_logout, 0x09: _write_activation, 0x0A: _write_activation_response,
}  # fmt: skip
