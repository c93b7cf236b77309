"""Status codes of compiled code, which never raises."""

OK = 0
BAD_OBSERVATION = 1
"""An observation is not finite; nothing was changed."""
BAD_ACTION = 2
"""The decoder's output is not finite; the action was not written."""
NEURON_FAILED = 3
"""A user's own neuron raised; the tick was not finished. Word FAULT of the state is its population's number plus 1."""
BAD_INPUT = 4
"""What a fixed-point network is given is of another kind or length than its image takes; nothing was changed."""
