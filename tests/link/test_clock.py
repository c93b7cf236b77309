import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.errors import LinkError
from neurobot.link.clock import Ping, estimate


@given(st.lists(st.tuples(st.floats(0, 0.01), st.floats(0, 0.01)), min_size=1, max_size=20), st.floats(0, 10**7))
def test_the_offset_is_right_to_half_the_shortest_round_trip(delays, offset):
    pings = []
    for k, (there, back) in enumerate(delays):
        sent = offset + 3600 + k
        pings.append(Ping(sent, round((sent + there - offset) * 1e6) % 2**32, sent + there + back))
    clock = estimate(pings)
    assert clock.round_trip == pytest.approx(min(there + back for there, back in delays), abs=1e-6)
    wraps = (3600 * 1e6) // 2**32
    longest = max(sorted(there + back for there, back in delays)[: -(-len(delays) // 4)])
    assert clock.offset - wraps * 2**32 / 1e6 == pytest.approx(offset, abs=longest / 2 + 2e-6)


def test_one_delayed_round_trip_of_many_does_not_count():
    good = [Ping(k, k * 1_000_000 + 50, k + 100e-6) for k in range(8)]
    bad = Ping(9.0, 9_000_000 + 20_050, 9.0 + 0.0202)
    assert estimate([bad, *good]).offset == pytest.approx(0.0, abs=1e-9)


def test_times_of_the_board_are_told_in_host_time_over_its_wrap():
    clock = estimate([Ping(100.0, 2**32 - 1, 100.0)])
    assert clock.host_time(0, 100.0) == pytest.approx(100.000001)
    assert clock.host_time(2**32 - 1_000_001, 100.0) == pytest.approx(99.0)
    day = 86_400
    assert clock.host_time((2**32 - 1 + day * 10**6) % 2**32, 100.0 + day) == pytest.approx(100.0 + day)


def test_without_a_ping_there_is_no_clock():
    with pytest.raises(LinkError, match="no PING came back without being repeated"):
        estimate([])
