"""What this firmware costs, measured on a real MicroPython interpreter: `make bench`.

Figures do not depend on how busy the machine is: bytes allocated, SPI transactions, instructions
of the processor, bytes on the wire. A module a chapter, with functions that measure and one that
tells; tests/project/test_bench.py holds on to what must never change. Programs for MicroPython are
in device/.
"""
