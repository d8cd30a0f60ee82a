"""GB/T 32960.3 电动汽车远程服务与管理: remote monitoring of new-energy vehicles, editions 2016 (``##``) and 2025 (``$$``).

``packet`` frames and checks, ``body`` reads and writes data units, ``fields`` is the table of what they hold, ``quantities``
turns raw numbers into units, ``server`` and ``client`` are the two ends of the TCP link. Raw integers are kept as they
came, so that what was read is written again byte for byte; a value in units is NaN where the sender says abnormal or
invalid. Bodies that no public text describes (2025: fuel-cell stack, supercapacitor) are carried as bytes.
"""

from jinyun.net.gbt32960.packet import (
    COMMANDS,
    GbtError,
    Packet,
    StreamReader,
    decode,
    encode,
)

__all__ = ["COMMANDS", "GbtError", "Packet", "StreamReader", "decode", "encode"]
