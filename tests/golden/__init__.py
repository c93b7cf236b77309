"""Recorded results of other simulators, and the tests that compare ours with them."""
