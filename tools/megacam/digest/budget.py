"""How often the model may still be called this month: a counter in the bucket.

    budget = Budget(store, "cam1", 1000, now)
    may = budget.reserve(40)        # up to 40, counted before the first call
    budget.give_back(may - called)

What is reserved is counted, also if the run is killed before it calls. Each change is a
conditional write, so two runs at once cannot exceed the limit.
"""

import contextlib
import re
from datetime import datetime

from megacam.digest import names
from megacam.digest.store import Index, LostRaceError, Store
from megacam.errors import MegacamError

_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
# Each try that fails is one in which another run got ahead.
_TRIES = 10


class BudgetError(MegacamError):
    """Nobody may call the model; it says why."""


class Budget:
    """At most `calls` calls in each month of UTC; `now` is the time of this run."""

    def __init__(self, store: Store, device: str, calls: int, now: datetime):
        self._store = store
        self._key = names.calls_counter(device)
        self._calls = calls
        self._month = f"{now:%Y-%m}"
        self._day = f"{now:%Y-%m-%d}"

    @property
    def used_up(self) -> str:
        """The sentence for a month without calls left."""
        return f"the {self._calls:,} calls of {self._month} are used up"

    def reserve(self, wanted: int) -> int:
        """Count up to `wanted` calls and return how many; raises BudgetError, BucketError."""
        for _ in range(_TRIES):
            used, seen = self._read()
            granted = min(wanted, self._calls - used)
            if granted <= 0:
                raise BudgetError(self.used_up)
            with contextlib.suppress(LostRaceError):
                self._write(used + granted, seen)
                return granted
        raise BudgetError(f"{self._key} changed {_TRIES} times meanwhile")

    def give_back(self, unused: int) -> None:
        """Take back what was reserved and not called; raises BudgetError, BucketError."""
        for _ in range(_TRIES if unused else 0):
            used, seen = self._read()
            with contextlib.suppress(LostRaceError):
                return self._write(max(0, used - unused), seen)
        return None

    def keep(self) -> None:
        """Write the counter again if it is not of today; raises BudgetError, BucketError.

        Otherwise a lifecycle that deletes photos after a week would delete a used up budget, too.
        """
        used, seen = self._read()
        if seen.etag and seen.data.get("day") != self._day:
            with contextlib.suppress(LostRaceError):
                self._write(used, seen)

    def _read(self) -> tuple[int, Index]:
        seen = self._store.read_index(self._key, names.FORMAT)
        if not seen.etag:
            return 0, seen
        month, used = seen.data.get("month"), seen.data.get("used")
        is_month = isinstance(month, str) and _MONTH.fullmatch(month) is not None
        if not is_month or type(used) is not int or used < 0:
            raise BudgetError(f"{self._key} is damaged; delete it to count from 0 again")
        if str(month) > self._month:
            raise BudgetError(f"{self._key} is of {month}, and here it is {self._month}")
        return (used if month == self._month else 0), seen

    def _write(self, used: int, seen: Index) -> None:
        data = {"format": names.FORMAT, "month": self._month, "used": used, "day": self._day}
        self._store.write_index(self._key, data, seen, safely=True)
