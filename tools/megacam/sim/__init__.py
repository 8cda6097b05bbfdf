"""A simulated board: the unmodified firmware on a real MicroPython interpreter."""
