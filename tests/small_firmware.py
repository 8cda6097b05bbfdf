"""A firmware of a few files in two versions, for tests of deploying."""

from megacam.sim.rom import PORT

TOP = PORT.parents[3]
BOOT, TRIAL = (TOP / "boot.py").read_bytes(), (TOP / "trial.py").read_bytes()


#: What a board with slots holds.
SMALL_OLD = {
    "boot.py": BOOT,
    "trial.py": TRIAL,
    "main.py": b"old",
    "a/config.json": b"{}",
    "a/roots/a.der": b"0",
    "a/deployed.json": b"{}",
}
OLD = {
    **SMALL_OLD,
    "a/firmware/__init__.py": b"def begin():\n print('booted')\n",
    "a/firmware/gone.py": b"old",
    "a/lib/hmac.py": b"",
}
#: What a deploy wants.
NEW = {
    "boot.py": BOOT + b"\n",
    "trial.py": TRIAL,
    "main.py": b"new",
    "firmware/__init__.py": b"def begin():\n print('booted anew')\n",
    "firmware/more/deep.mpy": bytes(6000),
    "roots/b.der": b"1",
}
