"""Philox against the known answers that Random123 publishes (its file tests/kat_vectors)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import encode
from neurobot.kernels.rng import key, philox
from tests.kernels.arrays import REALS, SEEDS, SIZES, Draw, examples, listed
from tests.twins import kernels as twin

U32 = st.integers(0, 2**32 - 1)
ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [int(w, 16) for w in text.split()]


def compiled(counter, key):
    return [int(x) for x in philox(*(np.uint64(w) for w in (*counter, *key)))]


@pytest.mark.small
@pytest.mark.parametrize(("counter", "key", "answer"), ANSWERS)
def test_philox_gives_the_published_answers(counter, key, answer):
    assert compiled(words(counter), words(key)) == words(answer)
    assert twin.philox(words(counter), words(key)) == words(answer)


@pytest.mark.small
@given(counter=st.tuples(U32, U32, U32, U32), key=st.tuples(U32, U32))
@examples(50)
def test_philox_equals_its_twin(counter, key):
    assert compiled(counter, key) == twin.philox(counter, key)


@pytest.mark.small
@given(seed=st.integers(0, 2**63 - 1), stream=st.integers(0, 2**11 - 1))
@examples(50)
def test_the_key_equals_its_twin_and_is_seed_and_stream_where_the_seed_has_32_bits(seed, stream):
    assert tuple(map(int, key(np.int64(seed), stream))) == twin.key_of(seed, stream)
    assert tuple(map(int, key(np.int64(seed & twin.MASK), stream))) == (seed & twin.MASK, stream)


@pytest.mark.small
def test_streams_of_one_seed_are_not_those_of_a_seed_with_another_upper_half():
    """The keys of 2^11 streams differ in their lower 11 bits, those of upper halves in the others."""
    uppers = [int(key(np.int64(5 + (upper << 32)), 0)[1]) >> 11 for upper in range(5000)]
    assert len(set(uppers)) == len(uppers)


@pytest.mark.small
@given(real=REALS, n=SIZES, seed=st.integers(0, 2**63 - 1), step=st.integers(0, 2**40), numbers=SEEDS)
@examples(50)
def test_poisson_equals_its_twin(real, n, seed, step, numbers):
    d = Draw(numbers, real)
    threshold = d.rng.integers(0, 2**32, n)
    threshold[d.rng.random(n) < 0.2] = 2**32 - 1
    stored = threshold.astype(np.uint32).view(np.int32).astype(d.integer)
    spikes = d.empty_list(n)
    episode, instance = d.integers(-(2**31), 2**31 - 1, 2)
    encode.poisson(stored, np.int64(seed), np.int32(1), episode, np.int64(step), instance, spikes)
    assert listed(spikes) == twin.poisson(threshold.tolist(), seed, 1, int(episode), step, int(instance))
