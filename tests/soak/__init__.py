"""A simulated month: the firmware on a real interpreter, in virtual time, with all kinds of fault.

`make soak` runs it; __main__.py has the options.
"""
