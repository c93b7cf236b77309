"""Policies of Stable-Baselines3: reads the network of a saved one, without torch and without unpickling anything.

`read_policy` gives the actor as a `neurobot.interop.ann.ANN`.
"""

from neurobot.interop.sb3.policy import read_policy as read_policy
