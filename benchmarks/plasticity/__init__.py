"""Pair STDP beside simulators that learn: Poisson inputs onto a layer, and CUBA with all its excitation plastic."""
