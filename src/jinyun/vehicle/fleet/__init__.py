"""The fleet of a line (车队运营): timetable and gaps, who boards, which vehicle leaves, what it uses, what a trip was worth."""
