"""Which calls of a function are its last: chosen by a seed, so many a wave of documents."""

import random
from dataclasses import dataclass, field

from deployed.proxy import AFTER, BEFORE


@dataclass(slots=True)
class Kills:
    """`calls_max`: a death comes at most so many calls after the one before, about what an invocation makes.

    `changes_max`: the same for half of the deaths, which come at a call that changes something. There are fewer of
    those, and a death beside one leaves more to mend.
    """

    seed: str
    calls_max: int
    changes_max: int
    left: int = 0
    _rng: random.Random = field(init=False)
    _at_change: bool = field(init=False, default=False)
    _calls: int = field(init=False, default=0)

    def __post_init__(self):
        self._rng = random.Random(self.seed)

    def allow(self, kills):
        """A wave begins. A message takes part in at most all kills of its wave: fewer than its receives, so that it
        does not end in the dead-letter queue, and few enough that no document is taken for the cause."""
        self.left = kills
        self._choose()

    def __call__(self, call):
        if self.left == 0 or (self._at_change and not call.changes):
            return None
        self._calls -= 1
        if self._calls > 0:
            return None
        self.left -= 1
        self._choose()
        return self._rng.choice([BEFORE, AFTER])

    def _choose(self):
        self._at_change = self._rng.random() < 0.5
        self._calls = self._rng.randint(1, self.changes_max if self._at_change else self.calls_max)
