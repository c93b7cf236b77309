"""Why a robot does not move: what a recording says about it, laid beside the program that made it."""

from neurobot.loop.diagnose.finding import SEVERITIES as SEVERITIES
from neurobot.loop.diagnose.finding import WORTH_KNOWING as WORTH_KNOWING
from neurobot.loop.diagnose.finding import Finding as Finding
from neurobot.loop.diagnose.latency import Latency as Latency
from neurobot.loop.diagnose.latency import plant_latency as plant_latency
from neurobot.loop.diagnose.report import diagnose as diagnose
