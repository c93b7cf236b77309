"""Experts to learn from: those that ship, programs, and anything with `predict(observations)`.

from neurobot.train.experts import register
register("teacher", lambda env: model)    # then expert = "teacher" in [train], and --allow-import the module
"""

from neurobot.train.experts.expert import Expert as Expert
from neurobot.train.experts.expert import Policy as Policy
from neurobot.train.experts.expert import Predicting as Predicting
from neurobot.train.experts.expert import Scripted as Scripted
from neurobot.train.experts.expert import Spiking as Spiking
from neurobot.train.experts.shipped import find_expert as find_expert
from neurobot.train.experts.shipped import names as names
from neurobot.train.experts.shipped import register as register
