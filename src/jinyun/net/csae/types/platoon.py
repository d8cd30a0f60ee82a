"""CLPMM 车辆编队管理消息: who leads, who follows, who joins (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, boolean, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "CLPMM": seq(
        "msgCnt MsgCount",
        ("id", octets(8)),
        "secMark DSecond",
        ("pid", octets(17)),
        "role RoleInPlatooning",
        "status StatusInPlatooning",
        "leadingExt? MemberManagement",
        ...,
    ),
    "RoleInPlatooning": enum("leader follower tail free-vehicle ..."),
    "StatusInPlatooning": enum("navigating beginToDissmiss askForJoining joining following askForLeaving leaving ..."),
    "MemberNode": seq(("vid", octets(8)), ...),
    "MemberList": seq_of("MemberNode", 1, 32),
    "MemberManagement": seq(
        "memberList MemberList",
        "joiningList? MemberList",
        "leavingList? MemberList",
        ("capacity", integer(1, 32)),
        ("openToJoin", boolean()),
        ...,
    ),
}
