"""RTCM 差分数据 and the test message (T/CSAE 157-2020)."""

from jinyun.net.csae.notation import Table, enum, integer, octets, seq, seq_of

TYPES: Table = {
    "RTCMcorrections": seq("msgCnt MsgCount", ("corrections", seq_of("RTCMmsg", 1, 5)), ...),
    "RTCM-Revision": enum(
        "unknown reserved rtcmCMR rtcmCMR-Plus rtcmSAPOS rtcmSAPOS-Adv rtcmRTCA rtcmRAW rtcmRINEX rtcmSP3 "
        "rtcmBINEX rtcmRev2-x rtcmRev2-0 rtcmRev2-1 rtcmRev2-3 rtcmRev3-0 rtcmRev3-1 rtcmRev3-2 ..."
    ),
    "RTCM-ID": integer(0, 32767),
    "RTCM-Payload": octets(1, 2047),
    "RTCMmsg": seq("rev? RTCM-Revision", "rtcmID? RTCM-ID", "payload RTCM-Payload", ...),
    "TestMsg": seq("msgCnt MsgCount", ("userData", octets(1, 2048))),
}
