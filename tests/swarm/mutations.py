"""Mistakes in the firmware that a reviewer fears, planted one at a time: the swarm must find each.

Each edit replaces a text that is in its file exactly once.
"""

from dataclasses import dataclass
from functools import cache

from megacam.board import tree

from swarm import releases
from swarm.history import History


@dataclass(frozen=True)
class Mutation:
    """A planted mistake: `edits` are (file, old text, new text).

    `needs` is what a history must have drawn to come to the mistake: words of History.drawn(),
    with a slash between those of which one is enough.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]
    needs: str = ""

    def can_be_met_by(self, history: History) -> bool:
        """Return whether a history has drawn what it needs."""
        drawn = history.drawn()
        return all(drawn & {*word.split("/")} for word in self.needs.split())

    def modules(self) -> dict[str, str]:
        """Return {module: source} of the modules that it changes.

        Raises ValueError if one of the old texts is not there once.
        """
        texts: dict[str, str] = {}
        for path, old, new in self.edits:
            text = texts.get(path) or (tree.root() / path).read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {path} has {old!r} {text.count(old)} times")
            texts[path] = text.replace(old, new)
        return {tree.module_name(path): text for path, text in texts.items()}


def _one(name: str, path: str, old: str, new: str, needs: str = "") -> Mutation:
    return Mutation(name, ((path, old, new),), needs)


# What some mistakes need, as Mutation.needs.
_REFUSED = "access-denied/key-revoked/bucket-gone"
_OUTAGE = f"no-wifi/no-dhcp/no-dns/packets-lost/refused/portal/slow-down/internal-error/{_REFUSED}"
_STROKE = "cut/kill/power-off/plug-twice"

MUTATIONS = (
    # Liveness.
    _one(
        "a sleeping camera's pause is never over",
        "firmware/power/sleep.py",
        "now + uploader.pause_until_s - clock.uptime_s()",
        "now + uploader.pause_until_s - clock.uptime_s() + 3600",
        f"deep-sleep {_REFUSED}",
    ),
    _one(
        "the hour after a refusal is a day",
        "firmware/upload/retry.py",
        "_FATAL_PAUSE_S = const(3600)",
        "_FATAL_PAUSE_S = const(86400)",
        _REFUSED,
    ),
    _one(
        "the counter of failures is not reset",
        "firmware/uploader.py",
        "self.failures = self.unanswered = 0\n                    return",
        "self.unanswered = 0\n                    return",
        _OUTAGE,
    ),
    _one(
        "a battery is low when it is full",
        "firmware/power/battery.py",
        'if mv < power["low_mv"]:',
        'if mv > power["low_mv"]:',
        "battery",
    ),
    _one(
        "an except that is too wide hides the need for a new start",
        "firmware/tasks/link.py",
        'restart.reset(app.counters, "wifi")',
        "app.link_failures = 0",
        "awake radio-dead",
    ),
    Mutation(
        "the time-outs of a reply are gone",
        (
            ("lib/https/reply.py", "min(left, wait_ms)", "1 << 29"),
            (
                "lib/https/__init__.py",
                "for _ in range(_STALL_MS // _STUCK_MS):",
                "for _ in range(1 << 29):",
            ),
        ),
        "silent-head/silent-reply/silent-handshake/packets-lost",
    ),
    _one(
        "a new credential is not asked for",
        "lib/iot_credentials/__init__.py",
        "if self.expires_s - self._now() > _MARGIN_S:",
        "if self.expires_s:",
        "certificate",
    ),
    _one(
        "the daily counts are never reset",
        "firmware/tasks/day.py",
        'counters["requests"] = counters["sent_kb"] = 0',
        "pass",
        "cap",
    ),
    _one(
        "the watchdog is not fed while the board waits",
        "firmware/tasks/loop.py",
        "        app.uploader.feed()\n        if app.early",
        "        if app.early",
        "awake watchdog",
    ),
    _one(
        "the certificate's doubt about the clock is never cleared",
        "firmware/tasks/clock.py",
        "    uploader.is_clock_doubted = False\n    uploader.is_time_known = False",
        "    uploader.is_time_known = False",
        "short-lived ntp-lies",
    ),
    # Photos.
    _one(
        "a photo that cannot be sent is dropped",
        "firmware/uploader.py",
        "if not (is_live and self.put(body, number, key, metadata)):",
        "if is_live and self.put(body, number, key, metadata):\n                return\n"
        "            if not is_live:",
        _OUTAGE,
    ),
    _one(
        "a stored photo stays in the spool",
        "firmware/upload/drain.py",
        'os.remove(f"/sd/spool/{name}" if card else f"{uploader.place[0]}/{name}")',
        "pass",
        _OUTAGE,
    ),
    _one(
        "thinned photos are not counted",
        "firmware/spool/thin.py",
        "        spool.thinned += 1",
        "        pass",
        _OUTAGE,
    ),
    _one(
        "two photos are thinned for one",
        "firmware/spool/thin.py",
        "        spool.remove(name)\n",
        "        spool.remove(name)\n        spool.discard(spool.oldest() or name)\n",
        _OUTAGE,
    ),
    _one(
        "the end of a photo is not looked for",
        "lib/jpeg.py",
        "if left < self._tail:",
        "if left < 0:",
        "camera",
    ),
    _one(
        "a damaged photo is not taken again and leaves no line",
        "firmware/shot/failure.py",
        'log("E app photo lost", why=error)',
        "pass",
        "camera",
    ),
    # Numbers and names.
    _one(
        "numbers are reserved too late",
        "firmware/shot/reserve.py",
        "self._reserve(self._next + _RESERVED)",
        "self._reserve(self._next)",
        _STROKE,
    ),
    _one(
        "a restart forgets the numbers that may be in use",
        "firmware/start/supervisor.py",
        'counts["seq"] += _FORGOTTEN',
        "pass",
        _STROKE,
    ),
    _one(
        "the sequence is written and never renamed",
        "firmware/shot/reserve.py",
        'os.rename(self._path + ".new", self._path)',
        "pass",
        _STROKE,
    ),
    _one(
        "counters of a power cut keep their number",
        "firmware/health/counters.py",
        'lasting["seq"] = lasting["cycle"] = 0',
        'lasting["cycle"] = 0',
        "power-off/plug-twice/cut",
    ),
    # Dates.
    _one(
        "photos are dated by the first server that answers",
        "firmware/start/build.py",
        'clock.is_set() and counters["known_cycle"] == counters["cycle"]',
        "True",
        f"ntp-lies {_STROKE}",
    ),
    _one(
        "the store's correction of the clock is ignored",
        "firmware/timing/confirm.py",
        '            learn(skew_s)\n            log("W clock set by the store"',
        '            log("W clock set by the store"',
        "ntp-lies",
    ),
    _one(
        "a jump of the clock is accepted",
        "firmware/timing/set_clock.py",
        "if is_known and abs(jump_s) > clock.JUMP_S:",
        "if is_known and abs(jump_s) > 1 << 28:",
        "ntp-lies",
    ),
    _one(
        "a photo without a date gets the earliest possible one",
        "firmware/spool/date.py",
        "latest = abs(offset_s) - 1 - lasts[number]",
        "latest = abs(offset_s) - 86400 - lasts[number]",
        f"power-off/plug-twice/cut {_OUTAGE}",
    ),
    _one(
        "the time of the exposure is the time after the request",
        "firmware/shot/take.py",
        "    taken -= time.ticks_diff(time.ticks_ms(), frame.triggered_ms) // 1000",
        "    taken += 5",
    ),
    _one(
        "the schedule is not read",
        "firmware/tasks/plan.py",
        "    return app.windows_until - now",
        "    app.windows = app.__class__.windows\n    return app.windows_until - now",
        "schedule",
    ),
    # Secrets and TLS.
    _one(
        "the password is logged",
        "firmware/network/join.py",
        'log("I wifi seen", networks=seen)',
        'log("I wifi seen", networks=seen + str(networks))',
        "no-wifi/no-dhcp/router-password/radio-dead/radio-stuck/radio-blink",
    ),
    _one(
        "the certificate is not verified",
        "lib/https/tls_context.py",
        "tls.CERT_REQUIRED",
        "tls.CERT_NONE",
    ),
    _one(
        "a failed connection is not closed",
        "lib/https/__init__.py",
        "            self._raw.close()",
        "            self._raw",
    ),
    # The camera, and what lasts.
    _one(
        "a commit is lost",
        "firmware/credentials/__init__.py",
        "    nvs.set_blob(name, blob)\n    nvs.commit()",
        "    nvs.set_blob(name, blob)",
        "hand-deploy",
    ),
    _one(
        "CS stays low",
        "lib/arducam_mega/__init__.py",
        "            self._spi.readinto(buf)\n        finally:\n            self._cs(1)",
        "            self._spi.readinto(buf)\n        finally:\n            pass",
    ),
    # Updates.
    _one(
        "a release needs no signature",
        "firmware/update/judge.py",
        '    raise ValueError("it is not signed by a key of this camera\'s owner")',
        "    return 0",
        "release:altered/release:other-text",
    ),
    _one(
        "an older release is taken",
        "firmware/update/rules.py",
        "if counter <= held:",
        "if counter < 0:",
        "release:older",
    ),
    _one(
        "a release that has expired is taken",
        "firmware/update/rules.py",
        'if now >= found["expires"]:',
        'if now < 0 and found["expires"]:',
        "release:expired",
    ),
    Mutation(
        "the files of a release are taken as they come",
        (
            (
                "firmware/update/whole.py",
                "if has_size and key.endswith(found):",
                "if not code:",
            ),
            ("firmware/update/finish.py", "if not is_right:", "if not is_right and size < 0:"),
        ),
        "release:damaged/release:cut",
    ),
    _one(
        "a slot is kept that has stored no photo",
        "firmware/update/trial.py",
        "if first <= app.uploader.seq:",
        "if first > 0:",
        "release",
    ),
    _one(
        "a release has no trial",
        "firmware/start/slot_switch.py",
        "left = _STARTS << 1 if worked else 0",
        "left = 0",
        "release",
    ),
    _one(
        "every camera takes a release at once",
        "firmware/update/rules.py",
        '% 100 >= found["percent"]:',
        "% 100 >= 100:",
        "release:not-yet",
    ),
    _one(
        "anybody can seal a Wi-Fi change",
        "firmware/update/seal.py",
        "head + body) != mac:",
        "head + body) == b'':",
        "release:other-seal",
    ),
    _one(
        "networks that do not work stay",
        "firmware/update/start.py",
        "        seal.undo()",
        "        seal",
        "release:wifi-lost",
    ),
    _one(
        "the next key is never used",
        "firmware/update/keep.py",
        "        renew.renew(found)",
        "        renew",
        "release:next-key",
    ),
    _one(
        "a reply that trickles is read for as long as it comes",
        "lib/https/__init__.py",
        '        if left <= 0:\n            self.stop(f"not done within {self._limit} ms")',
        "        left = max(left, _STALL_MS)",
        "release:trickle",
    ),
)


@cache
def firmware(name: str = "", release: str = "") -> dict[str, bytes]:
    """Return the board's files {path: content}, with the mistake of that name planted in them.

    `release` is the kind of a firmware release, whose changes come on top.
    """
    edits = {mutation.name: mutation for mutation in MUTATIONS}[name].edits if name else ()
    edits += releases.FIRMWARE[release] if release else ()
    return tree.build(Mutation(name or release, edits).modules())
