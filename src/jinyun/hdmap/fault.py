"""What is said when a map cannot be had."""


class MapError(ValueError):
    """A zone asks of its map what the map does not have, or a file makes no map; the message names file, element, reason."""
