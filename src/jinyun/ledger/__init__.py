"""台账: who used which feed and service, what of it was good, what it earns and costs; and how empty the zone runs.

Everything is counted from records: the raw log of messages and the journal of what consumers were given. A statement's
totals are a count, never an estimate, and the same count can be made again from the same record.
"""
