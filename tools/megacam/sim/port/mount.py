"""Connect to camera and simulator, and replace the host's file system with the flash image.

Afterwards `/` is littlefs. Only two folders of the host remain: `/.rom` with these stand-ins, and
`/.sim` with what mip has installed.
"""

import os
import sys

import chip
import vfs

_installed = vfs.VfsPosix(os.getenv("MEGACAM_INSTALLED"))
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(chip.Flash()), "/")
vfs.mount(_installed, "/.sim")
os.chdir("/")
# Look built in, as on the ESP32, so that no one unloads this module and its connections.
del chip.__file__
del sys.modules["chip"]
for _name in ("machine", "network", "esp32", "time"):
    sys.modules[_name] = chip
