"""Put the stand-ins in place and replace the host's file system with the shared flash.

Afterwards `/` is littlefs. Only two folders of the host remain: `/.rom` with these stand-ins, and
`/.sim` with what mip has installed.
"""

import os
import random
import sys

import chip
import vfs

_installed = vfs.VfsPosix(os.getenv("MEGACAM_INSTALLED"))
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(chip.Flash()), "/")
vfs.mount(_installed, "/.sim")
os.chdir("/")
random.seed(chip.tell("entropy"))
for _name in ("net", "memory", "system"):
    __import__(_name)
# Each looks built in, as on the ESP32, so that no one unloads it.
for _name, _names in (
    ("chip", ("machine", "network", "esp32", "time")),
    ("net", ("socket", "select", "tls")),
    ("memory", ("gc",)),
    ("system", ("os",)),
):
    _module = sys.modules.pop(_name)
    del _module.__file__
    for _name in _names:
        sys.modules[_name] = _module
