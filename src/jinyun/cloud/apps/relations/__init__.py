"""Relations of participants that several applications ask for: who is ahead, who is beside, whose ways meet."""
