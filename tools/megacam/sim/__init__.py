"""A board without a board: the unmodified firmware on a real MicroPython interpreter."""
