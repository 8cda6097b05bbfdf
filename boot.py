"""Connect to the network before main.py runs. MicroPython executes this file at every start."""

import os

if "switch" in os.listdir("/"):  # a deploy was interrupted while it moved files: finish it
    try:
        # After an interrupted move, littlefs hides a neighboring file until the next write.
        os.rename("/switch", "/switch")
        with open("/switch/finish.py") as f:
            exec(f.read())
    except Exception as e:  # uncaught, it would keep main.py from starting
        print("E boot cannot finish a deploy, run megacam deploy:", repr(e))

from firmware.start import boot, safe_mode

if boot.main():  # the board has restarted too often
    safe_mode.stay()
