"""Start the simulated board as the ESP32 starts: mount the flash, run boot.py, then main.py.

`MEGACAM_START` in the environment: "exec" runs code from standard input instead, as `mpremote
exec` would; "repl" leaves the prompt behind main.py, "raw" leaves it behind boot.py, and both
print MEGACAM_PROMPT before and after. No functions here: this stays in the firmware's small heap.
"""

import os
import sys

import micropython

__import__("mount")
del sys.modules["mount"]
_start = os.getenv("MEGACAM_START")
_prompt = os.getenv("MEGACAM_PROMPT")
if _prompt:
    micropython.kbd_intr(-1)  # Ctrl-C is for the board's programs, not for this one
    print(_prompt, end="")
_names = {"exec": ("/stdin",), "raw": ("/boot.py",)}.get(_start, ("/boot.py", "/main.py"))
for _name in _names:
    try:
        if _name == "/stdin":
            _source = sys.stdin.read()
        elif _prompt and _name[1:] not in os.listdir("/"):
            continue  # a file that is not there is no error to the ESP32
        else:
            with open(_name) as _source:
                _source = _source.read()
        if _prompt:
            micropython.kbd_intr(3)
        _source = compile(_source, _name, "exec")  # the text would stay as long as it runs
        exec(_source, {"__name__": "__main__"})
        if _prompt:
            micropython.kbd_intr(-1)
    except SystemExit as _e:
        os.unsetenv("MICROPYINSPECT")  # the process ends instead of showing a prompt
        sys.exit(_e.value)
    except BaseException as _e:
        if not _prompt:
            sys.print_exception(_e)
            sys.exit(1)
        micropython.kbd_intr(-1)
        sys.print_exception(_e)
        break
_source = None
if _prompt:
    print(_prompt)
