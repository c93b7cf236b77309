"""Does a core, an environment or a robot keep its contract? For those who write their own.

`check_core` takes a function that makes a core, `check_env` one that makes an environment, `check_robot` one that makes
a robot. Each looks at every sentence of the contract by itself and raises one `ConformanceError` that lists all that do
not hold, with what was seen and where; a test of your own is a call.

`Faulty` is a line to a board with the faults of a `FaultPlan` (faults.py).

A contract is a row of sentences (contract.py), one file a subject: cores (core.py, and what they run, programs.py and
learning.py), environments (env.py) and robots (robot.py).
"""

from neurobot.errors import ConformanceError as ConformanceError
from neurobot.testing.core import check_core as check_core
from neurobot.testing.env import check_env as check_env
from neurobot.testing.faults import FaultPlan as FaultPlan
from neurobot.testing.faults import Faulty as Faulty
from neurobot.testing.robot import check_robot as check_robot
