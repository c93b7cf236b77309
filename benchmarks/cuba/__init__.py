"""The CUBA network beside the simulators of large networks."""
