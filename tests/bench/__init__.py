"""The costs of this firmware, measured on a real MicroPython interpreter: `make bench`.

The figures do not depend on the load of the machine: bytes allocated, SPI transactions, processor
instructions, bytes on the wire. Each module is a chapter of the report: some functions measure,
one writes the text. tests/project/test_bench.py checks the figures that must never change. The
programs for MicroPython are in device/.
"""
