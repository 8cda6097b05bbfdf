"""Photos and a spool on a simulated chip, for scripts that run on MicroPython."""

import hashlib
import json

import flash_with_cuts as chip

from firmware.spool.spool import Spool
from firmware.spool.spool import photo_name

START_S = 1793491200
BUF = bytearray(4092)


class Body:
    """A photo in memory; `error`, if any, is raised instead of reading the last block."""

    def __init__(self, data, error=None):
        self.size = len(data)
        self._data = memoryview(data)
        self._at = 0
        self._error = error

    def readinto(self, buf):
        n = min(len(buf), self.size - self._at)
        if self._error and self._at + n == self.size:
            raise self._error
        buf[:n] = self._data[self._at : self._at + n]
        self._at += n
        return n


def content(seq, size=500):
    """Return the bytes of photo number `seq`."""
    return (hashlib.sha256(str(seq).encode()).digest() * (size // 32 + 1))[:size]


def meta(seq):
    return {"seq": seq, "location": "Scheune"}


def put(spool, seq, size=500, cycle=None, error=None):
    """Put photo `seq`, taken every 30 s, and return its name."""
    seconds = 30 * seq if cycle else START_S + 30 * seq
    name = photo_name(seq, seconds, cycle)
    keep(spool, Body(content(seq, size), error), name, meta(seq))
    return name


def keep(spool, body, name, metadata):
    spool.put(body, BUF, name, json.dumps(metadata).encode())


def open_photo(spool, name):
    """Return the Photo with its date, as the uploader uses it."""
    from firmware.spool import photo as spool_photo

    photo = spool_photo.open_photo(spool.folder, name)
    photo.taken, photo.is_exact = spool.taken(name), spool.is_exact(name)
    return photo


def read(spool, name):
    """Return (number, time, content) of a photo after checking its metadata."""
    photo = open_photo(spool, name)
    try:
        assert photo.meta == b"location=Scheune\nseq=%d" % photo.seq
        data = b""
        for _ in range(photo.size // len(BUF) + 2):
            n = photo.readinto(BUF)
            data += BUF[:n]
        assert n == 0 and len(data) == photo.size
        return photo.seq, photo.taken, data
    finally:
        photo.close()


def drain(spool):
    """Read and remove all photos: the newest, every fourth time the oldest; return the numbers."""
    seqs = []
    while spool.newest():
        name = spool.oldest() if len(seqs) % 4 == 3 else spool.newest()
        seq, _, data = read(spool, name)
        assert data == content(seq, len(data)), name
        assert seq not in seqs
        seqs.append(seq)
        spool.remove(name)
    return seqs


def folder(block=chip.FLASH):
    return chip.where(block) + "/spool"


def start(image, limit_bytes=1_000_000, block=chip.FLASH):
    """Mount `image` as after power-on; return its Flash and the Spool on it."""
    flash = chip.Flash(image, block)
    chip.mount(flash)
    return flash, Spool(folder(block), limit_bytes)
