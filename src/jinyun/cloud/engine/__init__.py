"""Where the fusion's steps run: in one process, or in partitions of the map owned through leases of the broker.

    tiles        which partition a place belongs to, and who else must see what is said of it   :mod:`.tiles`
    partition    the fusion of one partition: sightings in, what it believes out; checkpoints   :mod:`.partition`
    assembly     one picture of what all partitions say: one number for one participant         :mod:`.assembly`
    wire         what travels between them                                                      :mod:`.wire`
    lease        who owns a partition: the broker decides (JetStream's pinned consumers)        :mod:`.lease`
    worker       a process that owns partitions: ``jinyun worker``                              :mod:`.worker`
    spread       the cloud's end: tells partitions what is seen, gathers what they believe      :mod:`.spread`
    sizing       on paper: the machines that a number of vehicles takes                         :mod:`.sizing`

The same pure steps run in both: a partition is :func:`jinyun.cloud.tracking.take` on the sightings of its tiles and of a
rim around them, so that nobody waits for a neighbour. How it is meant: ``docs/cluster.md``.
"""
