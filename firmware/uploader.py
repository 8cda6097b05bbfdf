"""Upload each photo to the bucket at once if possible, else keep it in the spool.

This module holds the code that every shot needs. upload/retry.py has the retry policy and the
circuit breaker, upload/keep.py puts photos into the spool, upload/drain.py and tasks/loop.py take
them out again.
"""

import gc
import time

from jpeg import JPEGBody
from s3 import S3Error

from firmware import clock, wifi
from firmware.log import log

const = int  # MicroPython's compiler folds const() by itself; CPython calls this

_LIVE_FIRST_S = const(300)
_REQUEST_MS = const(60000)  # with its body
_SHORTEST_MS = const(10000)  # how long lib/https waits for a silent server


class Uploader:
    """Stores photos through `store`, an S3Client, or keeps them in the spool.

    `place` is the spool's folder and its limit in bytes; a board with an SD card slot has the
    result of sd_card.slot() as a third entry. `cap` is the daily limit of requests and of KB,
    `counters` counts both. `feed()` feeds the watchdog. Nothing is sent before the uptime
    `pause_until_s`. The spool holds `waiting` photos of `waiting_kb` KB together.
    """

    pause_until_s = failures = waiting = waiting_kb = 0
    #: Consecutive failed requests without any answer (not saved over a restart, because it may
    #: cause one), and permanent refusals since a photo was last stored.
    unanswered = fatal = 0
    #: The error of the waiting photo that is being sent: False while there is none, None while no
    #: waiting photo is being sent. `refused` has the recently refused photos: {name: number of
    #: photos stored by then}, with the bits of the number inverted if the photo needs a new name.
    why = None
    #: The highest number of a photo that this start has stored, see update/trial.py.
    seq = 0
    #: False from power-on until the store has confirmed the time, see tasks/clock.py.
    is_time_known = True
    #: Whether every photo goes to the spool first, so that a broken upload cannot lose one.
    is_spool_first = False
    #: True after the store's certificate seemed not to be valid today: the clock may be wrong.
    is_clock_doubted = False

    def __init__(self, device, store, place, cap, counters, feed):
        self.device = device
        self.store = store
        self.place = place
        self.cap = cap
        self.counters = counters
        self.feed = feed
        self.refused = {}
        self.try_for(0)

    def try_for(self, seconds):
        """Let network requests take at most `seconds`: they must not delay the next shot."""
        ms = min(seconds * 1000, _REQUEST_MS)
        self._end_ms = time.ticks_add(time.ticks_ms(), ms)
        self.store.limit_ms = max(ms, _SHORTEST_MS)

    def left_ms(self):
        """Return the milliseconds left for network requests; below 0 the next shot is late."""
        return time.ticks_diff(self._end_ms, time.ticks_ms())

    def is_ready(self):
        """Return whether a photo may be sent now: not before its date is known."""
        return self.is_time_known and self.is_open()

    def is_open(self):
        """Return whether a request may be made now: never without an AWS key."""
        return (
            self.store.credentials
            and clock.is_set()
            and clock.uptime_s() >= self.pause_until_s
            and self.counters["requests"] < self.cap[0]
            and self.counters["sent_kb"] < self.cap[1]
            and wifi.is_up()
        )

    def has_waiting(self):
        """Return whether a waiting photo could be sent now.

        After a failure, live photos are the first to test whether the store is back.
        """
        is_dated = self.counters["known_cycle"] == self.counters["cycle"]
        if not (self.waiting and is_dated and self.is_ready()):
            return False
        return not self.failures or clock.uptime_s() >= self.pause_until_s + _LIVE_FIRST_S

    def connect(self):
        """Open the connection while the camera exposes; return whether there is one."""
        return self.is_ready() and self.attempt(self.store.connect)

    def deliver(self, metadata, frame, number, taken, key, is_connected):
        """Upload the photo in `frame` or keep it in the spool; then close the frame.

        Raises JPEGError, CameraError or S3Error if the photo is lost and has to be taken again,
        SpoolError if it can neither be sent nor kept.
        """
        frame.prepare(self.store.body_buf)
        body = JPEGBody(frame)
        try:
            is_live = is_connected and not self.is_spool_first
            if not (is_live and self.put(body, number, key, metadata)):
                from firmware.upload import keep

                keep.keep(self, body, number, taken, metadata)
        finally:
            frame.close()

    def put(self, body, number, key, metadata, overwrite=False):
        """Upload photo `number` as `key`; return True, or False before any of `body` was read.

        Pass `overwrite` None for a photo that may be stored already, see S3Client.put. Raises
        S3Error if the connection broke in the middle of the body or another photo has its key.
        """
        start = time.ticks_ms()
        stored = self.attempt(self.store.put, key, body, "image/jpeg", metadata, overwrite)
        if not stored:
            return False
        self.fatal = 0
        self.counters["stored"] += 1
        self.seq = max(self.seq, number)
        self.counters["sent_kb"] += (body.size >> 10) + 1
        log(
            "I s3 stored",
            key=key,
            bytes=body.size,
            ms=time.ticks_diff(time.ticks_ms(), start),
            status=stored[0],  # pyright: ignore[reportIndexIssue]: a put returns a tuple
            heap=gc.mem_alloc(),
            url=self.store.base + self.store.prefix + key,  # nothing in it has to be encoded
        )
        return True

    def attempt(self, request, *args):
        """Call request(*args), with retries; return its result or True, False if all failed.

        Raises the same errors as put().
        """
        try:
            attempt = 0
            while True:
                attempt += 1
                self.feed()
                try:
                    self.counters["requests"] += len(args) > 0
                    if args[2:]:  # a put
                        # The handshake needs the most memory, so do it before the headers exist.
                        # After a refusal the connection is closed.
                        if not self.store.connection.sock:
                            self.store.connect()
                        self.store.limit_ms = _REQUEST_MS  # give a body that has begun its time
                    done = request(*args) or True
                    self.failures = self.unanswered = 0
                    return done
                except S3Error as e:
                    error = e
                from firmware.upload import retry

                if not retry.may_retry(self, error, attempt):
                    return False
        except Exception as e:
            # Whatever this is, such as a MemoryError: an unread photo can still be kept.
            self.store.close()
            if self.store.body_started or isinstance(e, S3Error):
                raise
            log("E s3 request failed", why=e)
            return False
