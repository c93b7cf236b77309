"""Equality of what environments return."""

import numpy as np


def assert_same_info(ours, theirs):
    assert set(ours) == set(theirs)
    for key, value in theirs.items():
        if isinstance(value, dict):
            assert_same_info(ours[key], value)
        elif value.dtype == object:
            assert [v is None for v in ours[key]] == [v is None for v in value]
            for mine, other in zip(ours[key], value, strict=True):
                np.testing.assert_array_equal(mine, other)
        else:
            assert ours[key].dtype == value.dtype, key
            np.testing.assert_array_equal(ours[key], value, err_msg=key)


def assert_same_step(ours, theirs):
    for mine, other in zip(ours[:4], theirs[:4], strict=True):
        assert mine.dtype == other.dtype
        np.testing.assert_array_equal(mine, other)
    assert_same_info(ours[4], theirs[4])
