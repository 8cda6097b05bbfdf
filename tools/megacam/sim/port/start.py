"""Start the simulated board as the ESP32 starts: mount the flash, run boot.py, then main.py.

With `MEGACAM_EXEC` in the environment, code from standard input runs instead, as `mpremote exec`
would run it. No functions here: this stays in the firmware's small heap.
"""

import os
import sys

__import__("mount")
del sys.modules["mount"]
for _name in ("/stdin",) if os.getenv("MEGACAM_EXEC") else ("/boot.py", "/main.py"):
    try:
        if _name == "/stdin":
            _source = sys.stdin.read()
        else:
            with open(_name) as _source:
                _source = _source.read()
        exec(compile(_source, _name, "exec"), {"__name__": "__main__"})
    except SystemExit as _e:
        sys.exit(_e.value)
    except Exception as _e:
        sys.print_exception(_e)
        sys.exit(1)
