"""MessageFrame 消息帧: the outermost choice, and the frame extension that carries the second stage."""

from jinyun.net.csae.notation import Table, any_octets, choice, integer, seq

TYPES: Table = {
    "MessageFrame": choice(
        "bsmFrame BasicSafetyMessage",
        "mapFrame MapData",
        "rsmFrame RoadsideSafetyMessage",
        "spatFrame SPAT",
        "rsiFrame RoadSideInformation",
        ...,
        "msgFrameExt MessageFrameExt",
    ),
    "ExtMsgID": integer(0, 32767),
    "MessageFrameExt": seq("messageId ExtMsgID", ("value", any_octets()), ...),
}
