"""MicroPython's clock functions for CPython; arducam_mega uses them if `time` lacks them."""

import time


def ticks_ms():
    return time.monotonic_ns() // 1000000  # pyright: ignore[reportAttributeAccessIssue]


def ticks_diff(end, start):
    return end - start


def sleep_ms(ms):
    time.sleep(ms / 1000)
