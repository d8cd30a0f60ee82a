"""网 The reliable network: message sets (one package each), the broker link, envelopes and topics.

It turns bytes into named values and back, and knows nothing of maps, tracks or pages. Facts come from T/CSAE 53-2020
(``csae``), the RSU gateway document of 2020-11 (``gateway``) and MQTT 3.1.1 (``mqtt``).
"""
