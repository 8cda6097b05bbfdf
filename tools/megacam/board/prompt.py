"""Code for the raw REPL of a board whose boot.py was interrupted: import its firmware by name."""

# What boot.py does with sys.path: the slot that would run, see slots.py.
_IMPORTS = """
import os,sys
try:
 from esp32 import NVS
 _s='/'+'ab'[NVS('megacam').get_i32('slot')&1]
except(ImportError,OSError):_s='/b'if'a'not in os.listdir('/')else'/a'
if _s not in sys.path:sys.path[:0]=[_s,_s+'/lib']
try:
 import overlay,overlay_names
 overlay_names.install()
except(ImportError,OSError):pass
"""
# If boot.py was interrupted before it set a limit, garbage would fill the whole heap before it is
# collected, and what stays in memory would lie in between: then TLS finds no room.
_MOST_GARBAGE_BYTES = 4096
#: Unload what boot.py has left, some of it half loaded: all modules that have a file (built-in
#: ones have none). From then on, modules are imported by name. The calls overwrite what the
#: interrupted program has left on the stack, because the collector takes old words for pointers.
FORGET = f"""
import sys,gc
def _f(n):
 if n:_f(n-1)
for n in list(sys.modules):
 if'__file__'in sys.modules[n].__dict__:del sys.modules[n]
_f(20)
del _f
gc.threshold({_MOST_GARBAGE_BYTES})
gc.collect()
{_IMPORTS}
"""
#: Say that the restart that follows is intended: the firmware counts others as trouble, and
#: boot.py takes it from the starts of a slot on trial.
SAY_WHY = f"""
{_IMPORTS}
try:
 from firmware.health import counters
 t=counters.read()
 if t:
  t['why']='usb'
  counters.keep(t)
except Exception:pass
try:
 from esp32 import NVS
 _n=NVS('megacam')
 _s=_n.get_i32('slot')
 if 0<_s&14<8:
  _n.set_i32('slot',_s+2)
  _n.commit()
except(ImportError,OSError):pass
"""
