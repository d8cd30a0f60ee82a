"""Evidence (证据): the pack of an event, sealed, and what proves it on a machine that has nothing but Python."""
