"""Put the flash image in the place of the host's file system, and join camera and simulator.

After it, `/` is littlefs and the host is gone but for `/.sim`, these stand-ins.
"""

import os
import sys

import vfs
from chip import Flash

_writes_left = int(os.getenv("MEGACAM_WRITES_LEFT") or 0)
_card = os.getenv("MEGACAM_CARD")
_card = _card and open(_card, "r+b")
_flash = vfs.VfsLfs2(Flash(os.getenv("MEGACAM_FLASH"), _writes_left))
_port = vfs.VfsPosix(os.getenv("MEGACAM_PORT"))
vfs.umount("/")
vfs.mount(_flash, "/")
vfs.mount(_port, "/.sim")
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib", "/.sim"]

import machine
import time
import world

world._pipe = open(int(os.getenv("MEGACAM_WORLD_FD")), "r+b")
machine._camera = open(int(os.getenv("MEGACAM_CAMERA_FD")), "r+b")
machine._card = _card
machine._cs = world.ask("cs")
# What holds a connection looks built in, as it is on the ESP32: nobody unloads it.
for _module in (machine, world, time):
    del _module.__file__
