"""When a line is open: a timetable with exceptions, the shift lead's hand over it, other places that are open."""
