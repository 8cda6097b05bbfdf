"""A firmware of a few files in two versions, for tests of deploying."""

from megacam.sim.rom import PORT

# The real boot.py, except for its imports: the small test firmware has one module for both.
BOOT = (PORT.parents[3] / "boot.py").read_bytes()
BOOT = BOOT.replace(b"firmware.start import boot, safe_mode", b"firmware import boot")


SMALL_OLD = {"boot.py": BOOT, "main.py": b"old", "config.json": b"{}", "roots/a.der": b"0"}
OLD = {
    **SMALL_OLD,
    "firmware/__init__.py": b"",
    "firmware/boot.py": b"def main(*a):\n print('booted')\n",
    "firmware/gone.py": b"old",
    "lib/hmac.py": b"",
}
NEW = {
    "boot.py": BOOT + b"\n",
    "main.py": b"new",
    "firmware/__init__.py": b"# new\n",
    "firmware/boot.py": b"def main(*a):\n print('booted anew')\n",
    "firmware/more/deep.mpy": bytes(6000),
    "roots/b.der": b"1",
}
