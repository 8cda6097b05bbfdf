"""A photo's way into the bucket: sent at once where that can be, else kept in the spool.

Here is what every shot needs. upload/retry.py has the retry policy and the circuit breaker,
upload/keep.py keeps what cannot be sent now, upload/drain.py takes it out again.
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
_SHORTEST_MS = const(10000)  # lib/https gives a silent server so long


class Uploader:
    """Stores photos through `store`, an S3Client, or keeps them in the spool.

    `place` is the spool's folder and its limit in bytes, and a third entry where there is a slot
    for an SD card: what sd_card.slot() has made of it. `cap` is the most requests and KB of a day,
    `counters` counts them, `feed()` tells the watchdog that there is progress. Nothing is sent
    before the uptime `pause_until_s`; `waiting` photos of `waiting_kb` lie in the spool.
    """

    pause_until_s = failures = waiting = waiting_kb = 0
    #: Failed requests in a row without any answer (not kept: it may restart the board), and
    #: refusals for good since a photo was stored.
    unanswered = fatal = 0
    #: What went wrong with the waiting photo under way, False while nothing did, None between
    #: them; and those that were refused lately: {name: how many photos were stored by then}, with
    #: the bits of the number inverted where the photo needs another name.
    why = None
    #: False from when the power comes until the store has confirmed the time, see tasks/clock.py.
    is_time_known = True
    #: Every photo goes through the spool, so that nothing on its way can be lost.
    is_spool_first = False
    #: Set when the store's certificate seems not to be valid today: the clock may be wrong.
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
        """Have questions to the network end after so many: they must not cost the next shot."""
        ms = min(seconds * 1000, _REQUEST_MS)
        self._end_ms = time.ticks_add(time.ticks_ms(), ms)
        self.store.limit_ms = max(ms, _SHORTEST_MS)

    def left_ms(self):
        """Return the milliseconds that trying may still take; below 0 the next shot is late."""
        return time.ticks_diff(self._end_ms, time.ticks_ms())

    def is_ready(self):
        """Tell whether a photo may be sent now: not before its date is known."""
        return self.is_time_known and self.is_open()

    def is_open(self):
        """Tell whether a request may be made now: never without a key."""
        return (
            self.store.credentials
            and clock.is_set()
            and clock.uptime_s() >= self.pause_until_s
            and self.counters["requests"] < self.cap[0]
            and self.counters["sent_kb"] < self.cap[1]
            and wifi.is_up()
        )

    def has_waiting(self):
        """Tell whether a photo waits that could be sent now.

        After a failure the live photos find out first whether the store is back.
        """
        is_dated = self.counters["known_cycle"] == self.counters["cycle"]
        if not (self.waiting and is_dated and self.is_ready()):
            return False
        return not self.failures or clock.uptime_s() >= self.pause_until_s + _LIVE_FIRST_S

    def connect(self):
        """Open the connection while the camera exposes; return whether there is one."""
        return self.is_ready() and self.attempt(self.store.connect)

    def deliver(self, frame, number, taken, metadata, is_connected):
        """Store the photo in `frame` or keep it in the spool; the frame is closed after it.

        Raises JPEGError, CameraError or S3Error where the photo is lost and has to be taken
        again, and SpoolError where it can neither be sent nor kept.
        """
        frame.prepare(self.store.body_buf)
        body = JPEGBody(frame)
        try:
            is_live = is_connected and not self.is_spool_first
            if not (is_live and self.put(body, number, taken, metadata)):
                from firmware.upload import keep

                keep.keep(self, body, number, taken, metadata)
        finally:
            frame.close()

    def put(self, body, number, taken, metadata, overwrite=False):
        """Store a photo taken at `taken` and return True; if False, `body` was not begun.

        With `overwrite` None it may be stored already, see S3Client.put. Raises S3Error when the
        connection broke in the middle of the body, or another photo has its key.
        """
        from firmware.shot.key import photo_key

        key = photo_key(self.device, clock.fields(taken), number)
        start = time.ticks_ms()
        stored = self.attempt(self._put, key, body, "image/jpeg", metadata, overwrite)
        if not stored:
            return False
        self.fatal = 0
        self.counters["stored"] += 1
        self.counters["sent_kb"] += (body.size >> 10) + 1
        log(
            "I s3 stored",
            key=key,
            bytes=body.size,
            ms=time.ticks_diff(time.ticks_ms(), start),
            status=stored.status,
            heap=gc.mem_alloc(),
            url=self.store.base + self.store.prefix + key,  # nothing in it has to be encoded
        )
        return True

    def _put(self, *args):
        # A handshake takes the most memory: before there are headers. A refusal closes.
        if not self.store.connection.sock:
            self.store.connect()
        self.store.limit_ms = _REQUEST_MS  # a body that has begun may take its time
        return self.store.put(*args)

    def drain(self):
        """Store one photo that waits and forget it; return whether the next could be sent as well.

        One that is refused for what it is, or cannot be read, is set aside.
        """
        from firmware.upload import drain

        photo = drain.open_next(self)
        if not photo:
            return self.waiting > 0  # what was damaged is out of the way
        is_over = False
        self.why = False
        try:
            # It may be stored already: the power may have gone before it was forgotten.
            is_over = self.put(photo, photo.seq, photo.taken, photo.meta, None)
        except MemoryError:
            raise
        except Exception as e:
            self.why = e
        finally:
            photo.close()
        from firmware.upload import drain

        return drain.finish(self, photo.name, is_over)

    def attempt(self, request, *args):
        """Return what request(*args) returned in the end, or True; False if it never succeeded.

        What it raises is as for put().
        """
        try:
            attempt = 0
            while True:
                attempt += 1
                self.feed()
                try:
                    self.counters["requests"] += len(args) > 0
                    done = request(*args) or True
                    self.failures = self.unanswered = 0
                    return done
                except S3Error as e:
                    error = e
                from firmware.upload import retry

                if not retry.may_retry(self, error, attempt):
                    return False
        except Exception as e:
            # Whatever this is, such as a lack of memory: a photo not begun can still be kept.
            self.store.close()
            if self.store.body_started or isinstance(e, S3Error):
                raise
            log("E s3 request failed", why=e)
            return False
