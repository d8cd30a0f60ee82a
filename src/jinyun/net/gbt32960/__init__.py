"""GB/T 32960.3 电动汽车远程服务与管理: remote monitoring of new-energy vehicles, editions 2016 (``##``) and 2025 (``$$``).

``packet`` frames and checks, ``commands`` and ``body`` read and write data units by the table in ``fields``; ``quantities``
turns raw numbers into units and words, ``plausible`` compares items with each other, ``columns`` reads many reports at a
time. ``stream``, ``server``, ``client`` and ``bridge`` are the TCP link. Raw integers are kept as they came, so that what
was read is written again byte for byte; a value in units is NaN where the sender says abnormal or invalid. Bodies that no
public text describes (2025: fuel cell and stack, supercapacitor) are carried as bytes; signatures are not verified.
"""

from jinyun.net.gbt32960.packet import COMMANDS, GbtError, Packet, acknowledge, decode, encode
from jinyun.net.gbt32960.stream import StreamReader

__all__ = ["COMMANDS", "GbtError", "Packet", "StreamReader", "acknowledge", "decode", "encode"]
