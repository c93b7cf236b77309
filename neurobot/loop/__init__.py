"""The closed loop: clocks, the loop over an environment, and its recording."""

from neurobot.loop.clock import Clock as Clock
from neurobot.loop.clock import Deadlines as Deadlines
from neurobot.loop.clock import ManualClock as ManualClock
from neurobot.loop.clock import RealClock as RealClock
from neurobot.loop.clock import SimClock as SimClock
from neurobot.loop.difference import Comparison as Comparison
from neurobot.loop.difference import Difference as Difference
from neurobot.loop.fit import env_period as env_period
from neurobot.loop.learning import Learning as Learning
from neurobot.loop.learning import LearningSummary as LearningSummary
from neurobot.loop.loop import Loop as Loop
from neurobot.loop.record import Recorder as Recorder
from neurobot.loop.recording import Header as Header
from neurobot.loop.recording import Recording as Recording
from neurobot.loop.recording import load_recording as load_recording
from neurobot.loop.summary import EpisodeSummary as EpisodeSummary
from neurobot.loop.summary import RunSummary as RunSummary
from neurobot.loop.timing import STAGES as STAGES
from neurobot.loop.timing import StageTiming as StageTiming
