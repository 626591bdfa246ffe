"""Deaths are chosen by the seed alone, and never more than a wave may have."""

import unittest

from deployed.calls import Call
from deployed.kills import Kills

CALLS = [Call("s3", "GET", "document"), Call("s3", "PUT", "part")] * 500


def deaths(seed):
    kills = Kills(seed, 20, 5)
    kills.allow(3)
    return [(at, when) for at, call in enumerate(CALLS) if (when := kills(call))]


class TheSeedDecides(unittest.TestCase):
    def test_the_same_seed_kills_at_the_same_calls(self):
        self.assertEqual(deaths("a"), deaths("a"))
        self.assertNotEqual(deaths("a"), deaths("b"))

    def test_a_wave_has_so_many_and_before_one_there_are_none(self):
        self.assertEqual(len(deaths("a")), 3)
        self.assertIsNone(Kills("a", 20, 5)(CALLS[0]))


if __name__ == "__main__":
    unittest.main()
