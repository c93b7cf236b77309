"""Robots that recover: what a controller that learns regains of what it lost, beside one whose weights are frozen."""
