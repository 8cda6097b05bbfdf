"""Start the simulated board as the ESP32 starts: mount the flash, run boot.py, then main.py.

The environment variable `MEGACAM_START` changes this. "exec" runs code from standard input
instead, as `mpremote exec` would; "repl" leaves you at the prompt after main.py, "raw" after
boot.py, and both print MEGACAM_PROMPT before and after. There are no functions, because this
module stays in the firmware's small heap.
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
            continue  # a missing file is no error on the ESP32
        else:
            with open(_name) as _source:
                _source = _source.read()
        if _prompt:
            micropython.kbd_intr(3)
        if _name != "/stdin":
            sys.modules["machine"].end = GeneratorExit
        _source = compile(_source, _name, "exec")  # or its text would stay while it runs
        # One call deeper: else a stale pointer keeps a module of boot.py, 1.3 KB, for ever.
        [exec(_source, _globals) for _globals in ({"__name__": "__main__"},)]
        if _prompt:
            micropython.kbd_intr(-1)
    except (SystemExit, GeneratorExit) as _e:
        os.unsetenv("MICROPYINSPECT")  # the process ends instead of showing a prompt
        # On the ESP32, a SystemExit of boot.py or main.py is a soft reset.
        sys.exit(76 if _name != "/stdin" and isinstance(_e, SystemExit) else _e.value)
    except BaseException as _e:
        if not _prompt:
            sys.print_exception(_e)
            sys.exit(1)
        micropython.kbd_intr(-1)
        sys.print_exception(_e)
        break
_source = None
sys.modules["machine"].end = SystemExit
if _prompt:
    print(_prompt)
