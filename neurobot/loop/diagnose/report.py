"""All checks of a recording, in one order."""

from __future__ import annotations

from neurobot.loop.diagnose.actions import action_findings
from neurobot.loop.diagnose.deadlines import deadline_findings
from neurobot.loop.diagnose.finding import Finding, by_severity
from neurobot.loop.diagnose.holds import hold_findings
from neurobot.loop.diagnose.latency import latency_findings
from neurobot.loop.diagnose.neurons import neuron_findings
from neurobot.loop.diagnose.observations import observation_findings
from neurobot.loop.diagnose.paths import path_findings
from neurobot.loop.diagnose.seen import look
from neurobot.loop.recording import Recording
from neurobot.program import Program

CHECKS = (
    hold_findings,
    path_findings,
    action_findings,
    observation_findings,
    neuron_findings,
    deadline_findings,
    latency_findings,
)
"""Of findings of one severity the cause comes ahead of what follows from it."""


def diagnose(recording: Recording, program: Program) -> tuple[Finding, ...]:
    """What keeps a controller from moving its robot, and what else should be known of a run.

    Args:
        recording: of the run.
        program: that ran; of a run that learns as it was at the beginning.

    Returns:
        What was found, the worst first; empty where all is well.

    Raises:
        SpecError: a network without encoder and decoder.
        RecordingError: a recording without ticks, or of another program.
    """
    seen = look(recording, program)
    return by_severity(finding for check in CHECKS for finding in check(seen))
