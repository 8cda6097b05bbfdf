"""Bring the network up before main.py runs. MicroPython executes this file at every start."""

import os

if "switch" in os.listdir("/"):  # a deploy was cut off while its files took effect: finish it
    try:
        # littlefs hides the file beside one that was being moved until something is written.
        os.rename("/switch", "/switch")
        with open("/switch/finish.py") as f:
            exec(f.read())
    except Exception as e:  # main.py would not start after it
        print("E boot cannot finish a deploy, run megacam deploy:", repr(e))

from firmware.start import boot, safe_mode

if boot.main():  # it restarted too often to go on
    safe_mode.stay()
