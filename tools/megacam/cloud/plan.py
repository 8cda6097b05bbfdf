"""A plan: every change in words before it is made, and what needs no change."""

import dataclasses
from collections.abc import Callable
from typing import Any

from megacam.errors import MegacamError


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a plan. `make` makes the change; None if no change is needed.

    `kind`: "add", "change" or "remove". `text` describes the step in the imperative, `detail` the
    state before it.
    """

    text: str
    make: Callable[[], Any] | None = None
    kind: str = "add"
    detail: str = ""


def step(text: str, now: Any, wanted: Any, make: Callable[[], Any], was: str = "") -> Step:
    """Return the step from the state `now` to the state `wanted`; `was` is its detail."""
    if now == wanted:
        return Step(text)
    return Step(text, make, "change" if now else "add", was)


@dataclasses.dataclass
class Plan:
    """Steps in the order in which they must be made, and warnings to show before."""

    steps: list[Step] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)

    @property
    def changes(self) -> list[Step]:
        """The steps that are still to be made."""
        return [step for step in self.steps if step.make]

    def add(self, *steps: Step | None) -> None:
        """Append steps; None is skipped."""
        self.steps += [step for step in steps if step]

    def make(self, on_step: Callable[[Step], None] = lambda step: None) -> None:
        """Make every change in order; `on_step` is called as each one begins.

        Raises MegacamError at the first failure, with the number of changes made. A new plan
        continues where this one stopped.
        """
        changes = self.changes
        for number, step in enumerate(changes):
            assert step.make
            on_step(step)
            try:
                step.make()
            except MegacamError as error:
                raise MegacamError(
                    f"{error} (failed to {step.text}; {number} of {len(changes)} changes were "
                    "made, and the same command continues from here)"
                ) from error

    def as_data(self, done: bool) -> dict[str, Any]:
        """Return the plan for --json."""
        return {
            "done": done,
            "changes": [{"kind": s.kind, "text": s.text, "was": s.detail} for s in self.changes],
            "already": [s.text for s in self.steps if not s.make],
            "warnings": self.warnings,
        }
