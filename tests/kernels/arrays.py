"""Random arguments for kernels: Hypothesis picks sizes and a seed, a generator the numbers."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

REALS = st.sampled_from(["float32", "float64"])
SIZES = st.integers(1, 21)
SEEDS = st.integers(0, 2**32 - 1)


def examples(n):
    """The settings of all property tests: few examples, the same in every run, no deadline."""
    return settings(max_examples=n, deadline=None, derandomize=True, database=None)


class Draw:
    """Arrays of one kind of number."""

    def __init__(self, seed, real):
        self.rng, self.real = np.random.default_rng(seed), np.dtype(real)
        self.integer = np.dtype(np.int32 if real == "float32" else np.int64)

    def normal(self, *shape, scale=1.0):
        return self.rng.normal(0, scale, shape).astype(self.real)

    def uniform(self, *shape, low=0.0, high=1.0):
        return self.rng.uniform(low, high, shape).astype(self.real)

    def integers(self, low, high, *shape):
        return self.rng.integers(low, high, shape).astype(self.integer)

    def spikes(self, n, p=0.4):
        """A spike list and the neurons in it."""
        fired = np.flatnonzero(self.rng.random(n) < p)
        listed = self.integers(-9, 9, 1 + n)  # what lies behind the count is not to be looked at
        listed[0], listed[1 : 1 + fired.size] = fired.size, fired
        return listed, fired.tolist()

    def hits(self, n):
        return np.zeros(2 * -(-n // 8), self.integer)

    def empty_list(self, n):
        return self.integers(-9, 9, 1 + n)


def listed(spikes):
    """The neurons of a spike list."""
    return spikes[1 : 1 + spikes[0]].tolist()


def same(a, b):
    """Equal to the last bit."""
    assert a.dtype == b.dtype, (a.dtype, b.dtype)
    np.testing.assert_array_equal(a, b)
