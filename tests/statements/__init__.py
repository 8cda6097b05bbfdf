"""Statement coverage of the device code, on MicroPython and CPython alike: `make coverage`.

The device code is copied with a call before each statement, and the tests run on the copy. The
calls write the numbers of their statements into one file, the first time in each process, so
nothing is lost when a test cuts the power.
"""
