"""The control tick: ours, C, and the simulators that people step from Python."""
