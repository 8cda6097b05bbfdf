"""A simulated month: the firmware on a real interpreter, virtual time, and everything that fails.

`make soak` runs it; __main__.py has the options.
"""
