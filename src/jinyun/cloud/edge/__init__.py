"""Edge and centre (边云协同): an edge warns its own street whatever becomes of the line, and the centre gets all that was said.

An edge runs the zone for its own devices (``jinyun run --centre``); its broker is a leaf of the centre's. While there is a
line, what its devices say is in the centre's picture at once. It is kept at the edge as well (:mod:`.keeping`), and the centre
takes it from there into a record of its own for each edge (:mod:`.collecting`), in the edge's order, each message once, however
often the line goes.
"""
