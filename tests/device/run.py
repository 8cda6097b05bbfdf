"""Run the test functions of one file on MicroPython: `micropython run.py test_jpeg`."""

import sys


def main(name):
    module = __import__(name)
    tests = [key for key in sorted(dir(module)) if key.startswith("test_")]
    for test in tests:
        getattr(module, test)()
    print("ran", len(tests))


main(sys.argv[1])
