"""智能化运营监管中心 The centre: what people see and ask. It reads the cloud's frames, never the street.

``live`` fans frames out to browsers, ``app`` answers HTTP, ``web`` holds the pages' source (built into ``static`` when the
package is built).
"""
