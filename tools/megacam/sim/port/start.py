"""Start the simulated board as the ESP32 starts: mount the flash, run boot.py, then main.py.

`MEGACAM_START` in the environment: "exec" runs code from standard input instead, as `mpremote
exec` would; "repl" leaves the prompt behind main.py, "raw" leaves it behind boot.py. No functions
here: this stays in the firmware's small heap.
"""

import os
import sys

__import__("mount")
del sys.modules["mount"]
_start = os.getenv("MEGACAM_START")
_names = {"exec": ("/stdin",), "raw": ("/boot.py",)}.get(_start, ("/boot.py", "/main.py"))
for _name in _names:
    try:
        if _name == "/stdin":
            _source = sys.stdin.read()
        else:
            try:
                with open(_name) as _source:
                    _source = _source.read()
            except OSError:
                if _start in ("repl", "raw"):
                    continue  # a file that is not there is no error to the ESP32
                raise
        exec(compile(_source, _name, "exec"), {"__name__": "__main__"})
    except SystemExit as _e:
        os.unsetenv("MICROPYINSPECT")  # the process ends instead of showing a prompt
        sys.exit(_e.value)
    except BaseException as _e:
        sys.print_exception(_e)
        if _start not in ("repl", "raw"):
            sys.exit(1)
        break
if _start in ("repl", "raw"):
    _source = None
    print(os.getenv("MEGACAM_PROMPT"))
