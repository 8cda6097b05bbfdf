"""Label the photos with motion: within the month's budget, and so that no fault stops a digest.

    labeller = Labeller(models.of("rekognition", client=client), 1000, now)
    labeller.label_hour(store, "cam1", index["photos"], etags)

After a few faults in a row, or once the budget is used up, a run asks the model no more. A photo
for which the model failed has the number of times that it may still be asked, "label_asks", in its
row of the index; the next runs do so.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from megacam.digest import index, names
from megacam.digest.budget import Budget
from megacam.digest.index import Row
from megacam.digest.models import Labels, Model, ModelError
from megacam.digest.store import Index, LostRaceError, Store
from megacam.errors import MegacamError
from megacam.gallery.refusals import BucketError, PhotoMissingError

ANNOTATION = "megacam-labels"
# A single photo may be one that the model cannot read.
_FAULTS_MOST = 3
# How often a model is asked for one photo at most.
_ASKS = 3
# What a call, and the writing of the hour's index after it, take at most.
_CALL_TAKES_S = 60.0


class Labeller:
    """The labels of one run. `stopped` says why it asks no more; `called` counts its calls."""

    def __init__(
        self,
        model: Model,
        calls: int,
        now: datetime,
        seconds_left: Callable[[], float] = lambda: float("inf"),
    ):
        self.called = 0
        self.stopped = ""
        self._model = model
        self._calls = calls
        self._now = now
        self._seconds_left = seconds_left
        self._faults = 0
        self._is_down = False
        self._annotates = True

    def label_hour(
        self,
        store: Store,
        device: str,
        rows: list[dict[str, Any]],
        etags: Mapping[str, str],
    ) -> None:
        """Label those rows of an hour's index that have motion and no labels yet.

        The greatest change comes first.
        """
        unknown = [row for row in rows if row.get("moved") and "labels" not in row]
        self._label_rows(store, device, unknown, etags)

    def label_again(self, store: Store, device: str, rows: list[dict[str, Any]]) -> None:
        """Label those rows of an hour's index for which the model failed before."""
        self._label_rows(store, device, [row for row in rows if row.get("label_asks")], {})

    def keep_counter(self, store: Store, device: str) -> None:
        """Keep the counter of calls from being deleted as old; see Budget.keep()."""
        with contextlib.suppress(MegacamError):
            Budget(store, device, self._calls, self._now).keep()

    def _label_rows(
        self,
        store: Store,
        device: str,
        wanted: list[dict[str, Any]],
        etags: Mapping[str, str],
    ) -> None:
        wanted = sorted(wanted, key=lambda row: -float(row.get("change", 0)))
        done = 0
        with self._granted(store, device, len(wanted)) as granted:
            for row in wanted[:granted]:
                if self.stopped:
                    break
                self._label_row(store, row, etags.get(row["key"], ""))
                done += 1
        for row in wanted[done:] if self._is_down else ():
            row.setdefault("label_asks", _ASKS)

    def label_photo(self, store: Store, device: str, key: str, data: bytes) -> Labels | None:
        """Return the labels of one photo, or None if the model was not asked or failed."""
        found = None
        with self._granted(store, device, 1) as granted:
            found = self._ask(data) if granted else None
        if found is not None:
            self._annotate(store, key, "", found)
        return found

    def _label_row(self, store: Store, row: dict[str, Any], etag: str) -> None:
        left = min(_ASKS, row.pop("label_asks", _ASKS))
        try:
            data, _ = store.read(row["key"])
        except PhotoMissingError:
            return
        called = self.called
        found = self._ask(data)
        left -= self.called - called
        if found is not None:
            row["labels"] = dict(found)
            self._annotate(store, row["key"], etag, found)
        elif left > 0:
            row["label_asks"] = left

    @contextlib.contextmanager
    def _granted(self, store: Store, device: str, wanted: int) -> Iterator[int]:
        """Yield how many calls are granted; give those back that were not made."""
        budget = Budget(store, device, self._calls, self._now)
        granted, before = 0, self.called
        try:
            if wanted and not self.stopped:
                granted = budget.reserve(wanted)
        except MegacamError as error:
            self.stopped = str(error)
        try:
            yield granted
        except BucketError as error:
            self.stopped, self._is_down = str(error), True
        if 0 < granted < wanted:
            self.stopped = self.stopped or budget.used_up
        # Not in `finally`: a run that is killed leaves counted what it has reserved.
        with contextlib.suppress(MegacamError):
            budget.give_back(granted - (self.called - before))

    def _ask(self, data: bytes) -> Labels | None:
        if self._seconds_left() < _CALL_TAKES_S:
            self.stopped, self._is_down = "no time was left to ask for more labels", True
            return None
        self.called += 1
        try:
            found = self._model.label(data)
        except ModelError as error:
            self._faults += 1
            if self._faults == _FAULTS_MOST:
                self.stopped, self._is_down = str(error), True
            return None
        self._faults = 0
        return found

    def _annotate(self, store: Store, key: str, etag: str, found: Labels) -> None:
        text = json.dumps({"labels": dict(found)}, ensure_ascii=False)
        if self._annotates:
            try:
                self._annotates = store.annotate(key, etag, ANNOTATION, text)
            except BucketError:
                # The labels are in the index; whoever may not annotate goes without.
                self._annotates = False


def carry_over(
    rows: list[dict[str, Any]], single: Mapping[str, Labels], before: Sequence[Row]
) -> None:
    """Keep in the rows of an hour what was paid for before, whether or not a model is asked now.

    `single` has the labels made on upload, by key; `before` are the rows of the index so far.
    """
    known = {**single, **{row.photo.key: row.labels for row in before if row.labels is not None}}
    asks = {row.photo.key: row.label_asks for row in before if row.label_asks}
    for row in rows:
        if row["key"] in known:
            row["labels"] = dict(known[row["key"]])
        elif row["key"] in asks and row.get("moved"):
            row["label_asks"] = asks[row["key"]]


def made_on_upload(store: Store, device: str, hour: datetime) -> dict[str, Labels]:
    """Return the labels that single photos of an hour got when they were uploaded, by key."""
    found: dict[str, Labels] = {}
    for page in store.pages(f"{names.hour_folder(device, hour)}{names.NOW}"):
        for item in page:
            folder, _, name = item["Key"].rpartition("/")
            stem, _, kind = name.rpartition(".")
            labels = read_single(store, f"{folder}/{name}") if kind == "json" else None
            if labels is not None:
                found[f"{device}/{hour:%Y/%m/%d}/{stem}.jpg"] = labels
    return found


def read_single(store: Store, key: str) -> Labels | None:
    """Return the labels of a single photo, None if there are none."""
    try:
        return index.parse_labels(store.read_index(key, names.FORMAT).data.get("labels"))
    except ValueError:
        return None


def write_single(store: Store, key: str, labels: Labels) -> None:
    """Keep the labels of a single photo until its hour is done."""
    data = {"format": names.FORMAT, "labels": dict(labels)}
    with contextlib.suppress(LostRaceError):
        store.write_index(key, data, Index({}, ""))
