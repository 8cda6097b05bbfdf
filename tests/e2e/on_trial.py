"""A camera that finds a release in its bucket: real boot.py, slots and TLS, in virtual time."""

import asyncio
import hashlib
import json
from urllib.parse import unquote

from megacam import settings
from megacam.board import tree
from megacam.demo.update import Owner
from megacam.sim.board import Board
from megacam.update import content as contents
from soak import run
from soak.plan import HOUR, Plan
from soak.store import Store, _parse, _RefusedError, signature
from soak.truth import BEGIN_S

#: The version of every release.
NEW = "9.0.0"
SEAL = bytes(range(32))
_HEAP = "82K"
_DEEP_SLEEP = 4  # machine.DEEPSLEEP_RESET
MOST_S = 24 * HOUR
_PROVISION = f"from firmware import credentials\ncredentials.save_der('seal', {SEAL!r})\n"


def firmware(more, roots=None):
    """Return the content of a release of the firmware that also runs the code `more` at its start.

    There, `app` is the module. `roots` is a root certificate in place of the camera's.
    """
    source = (tree.root() / "firmware" / "__init__.py").read_text()
    begin, end, rest = source.partition('\n    del globals()["begin"]')
    version = begin.replace(f'"{settings.firmware_version()}"', f'"{NEW}"')
    assert end and version != begin
    # One build for all of them.
    built = tree.build({"firmware": f"{version}\n    import more{end}{rest}"})
    files = {path: one for path, one in built.items() if contents.slot_path(path)}
    files["lib/more.py"] = f"from firmware import app\n{more}".encode()
    if roots:
        files["roots/soak.der"] = roots
    keep = ("config.json",) if roots else ("config.json", "roots")
    return contents.Content(NEW, contents.BOARD, contents.mpy_version(), files, keep)


class _Store(Store):
    """A bucket that also gives the board what is in `offered`: {key: content}.

    `polls` has the status of each answer for the release itself.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self.offered = {}
        self.polls = []

    async def _answer(self, head, reader, writer):
        method, path, headers = _parse(head)
        if method != "GET":
            await super()._answer(head, reader, writer)
            return
        if signature(method, path, headers) != headers["authorization"].rpartition("=")[2]:
            raise _RefusedError(403, "SignatureDoesNotMatch", "it does not match")
        content = self.offered.get(unquote(path[1:]))
        if content is None:
            raise _RefusedError(403, "AccessDenied", "Access Denied")
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        is_known = headers.get("if-none-match") == etag
        if path.endswith("/release"):
            self.polls.append(304 if is_known else 206)
        if is_known:
            writer.write(self._head(304, f"ETag: {etag}"))
        else:
            first, _, last = headers["range"].removeprefix("bytes=").partition("-")
            piece = content[int(first) : int(last) + 1]
            lines = f"ETag: {etag}\r\nContent-Length: {len(piece)}"
            writer.write(self._head(206, lines) + piece)
        await writer.drain()


class OnTrial(run.Month):
    """A camera whose slot a has worked, and a release of `content` in its bucket.

    It lives until a health report `is_over` and then one live photo is stored. `more` are fields
    of the manifest.
    """

    def __init__(self, folder, content, is_over, interval_s=60, plan=None, **more):
        with (folder / "console.txt").open("w") as log:
            self.lines = []
            self._is_over = is_over
            self._owner = Owner(folder / "keys")
            super().__init__(
                plan or Plan(1, MOST_S, []), folder, _HEAP, lambda text: None, log, interval_s
            )
            self.store = _Store(self.truth, self.plan, self._on_event)
            self.store.offered = self._owner.sign(content, BEGIN_S, **more)
            self._told = -1
            asyncio.run(self.run())

    def _make_flash(self):
        super()._make_flash()
        with Board(self._folder, None) as board:
            self._owner.provision(board)
            board.exec(_PROVISION)

    def _on_line(self, text):
        self.lines.append(text)
        super()._on_line(text)

    def _restart(self, number, ended):
        super()._restart(number, ended)
        if self._board.cause_after(ended) == _DEEP_SLEEP:
            self.truth.restart(int(self.said("I deep sleep")[-1].rpartition("=")[2]))

    def _on_event(self, place):
        super()._on_event(place)
        stored = len(self.live_photos)
        if self._told < 0 and self.store.last_reports and self._is_over(self.report):
            self._told = stored
        elif 0 <= self._told < stored:
            self._board.kill("end")

    @property
    def live_photos(self):
        """The photos in the bucket that did not wait in the spool."""
        found = self.store.objects.values()
        return [one for one in found if one.metadata["origin"] == "live"]

    @property
    def report(self):
        """The last health report."""
        return json.loads(self.store.last_reports[-1])

    @property
    def is_well(self):
        """Whether its life has ended as it should, not because it took too long."""
        return self.truth.now_s < MOST_S

    def said(self, text):
        """Return the lines of the console with `text`."""
        return [line for line in self.lines if text in line]
