"""Join camera and simulator, and put the flash image in the place of the host's file system.

After it, `/` is littlefs and the host is gone but for `/.rom`, these stand-ins, and `/.sim`, what
mip has installed.
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
# It looks built in, as its parts are on the ESP32: nobody unloads what holds a connection.
del chip.__file__
del sys.modules["chip"]
for _name in ("machine", "network", "esp32", "time"):
    sys.modules[_name] = chip
