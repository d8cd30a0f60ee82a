"""The message sets T/CSAE 53-2020 (first stage) and T/CSAE 157-2020 (second stage), in unaligned PER.

Functions for single messages take and give plain Python values::

    name, value = csae.decode(data)                 # ("bsmFrame", {"msgCnt": 1, ...})
    data = csae.encode("bsmFrame", value)
    point = csae.decode_type("Position3D", octets)

A message is accepted only if it is exactly what encoding its value gives; what is wrong with any other is in the
:class:`CsaeError`. Many messages at a time, as columns: :mod:`jinyun.net.csae.batch`. For people: ``explain`` lays a message
out, ``jer`` is its JSON form, ``asn1`` the type table as ASN.1. Which layout a sender speaks: :class:`DialectVote`.
"""

from jinyun.net.csae.codec import MAX_OCTETS, decode, decode_type, encode, encode_type
from jinyun.net.csae.errors import CsaeError
from jinyun.net.csae.types import DIALECTS, message_ids
from jinyun.net.csae.vote import DialectVote, Pinned

__all__ = [
    "DIALECTS",
    "MAX_OCTETS",
    "CsaeError",
    "DialectVote",
    "Pinned",
    "decode",
    "decode_type",
    "encode",
    "encode_type",
    "message_ids",
]
