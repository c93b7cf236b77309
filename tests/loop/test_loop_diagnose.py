"""What a diagnosis finds: for each fault a controller that has it, and a healthy one that has none."""

from dataclasses import replace

import numpy as np
import pytest
from diagnose_cases import EYE, LIMITS, TICKS, Plant, controller, findings, lif, record, said
from gymnasium.spaces import Discrete

from neurobot.errors import RecordingError, SpecError
from neurobot.loop import STAGES
from neurobot.loop.diagnose import SEVERITIES, diagnose
from neurobot.loop.diagnose.finding import numbered, percent
from neurobot.program import build
from neurobot.spec import STDP, Delta, Limits, Population, Projection, Rate, WinnerTakeAll

HEALTHY = controller()
RECORDED = {}


def astray(x, k):
    """The second entry, far beyond its field."""
    return x + np.array([0, 5])


@pytest.fixture
def healthy():
    """A recording of the healthy controller, made once."""
    if not RECORDED:
        RECORDED["healthy"] = record(HEALTHY)
    return RECORDED["healthy"]


def with_timing(recording, **stages):
    """Times of stages [ns] in the first ten ticks; what is not given is 1 ms."""
    timing = np.full_like(recording.timing, 1_000_000)
    timing[:, STAGES.index("link")] = 0
    for name, ns in stages.items():
        timing[:10, STAGES.index(name)] = ns
    return replace(recording, timing=timing)


def test_nothing_is_found_of_a_healthy_controller(healthy):
    assert diagnose(healthy, HEALTHY) == ()


def test_a_recording_and_a_program_must_belong_together(healthy):
    other = controller(hidden=Population("hidden", 5, lif()), into=np.eye(5, 4), out=np.eye(4, 5))
    with pytest.raises(RecordingError, match=r"of another program: populations: .*; give the program that was rec"):
        diagnose(healthy, other)
    empty = {name: getattr(healthy, name)[:0] for name in ("tick", "held", "spikes", "spike_count")}
    with pytest.raises(RecordingError, match="no ticks, so there is nothing to look at; record a longer run"):
        diagnose(replace(healthy, **empty), HEALTHY)
    with pytest.raises(SpecError, match="no encoder and decoder; build it from a ControllerSpec"):
        diagnose(healthy, build(HEALTHY.network, weights={"input->hidden": EYE, "hidden->output": EYE}))


# observations


def test_entries_that_leave_the_field_are_named_with_both_ranges():
    found = said(findings(controller(field=0.3)), "the encoder's field")
    assert found.severity == "worth knowing" and found.what.startswith("entries 0, 1 of the observation leave")
    assert "the field has -0.3 to 0.3" in found.evidence and " % of the ticks, seen -" in found.evidence


def test_an_entry_beyond_one_end_of_its_field_is_risky():
    found = said(findings(HEALTHY, Plant(astray)), "beyond one end")
    assert found.severity == "risky" and found.what.startswith("entry 1 of the observation is")
    assert "entry 1 in 100 % of the ticks" in found.evidence


def test_an_entry_that_the_network_does_not_hear_may_be_anything():
    deaf = controller(into=EYE * [1, 1, 0, 0], out=np.roll(EYE, 2, axis=0) + EYE)
    for tamper in (astray, lambda x, k: x * [1, 0]):
        assert [f.what for f in findings(deaf, Plant(tamper)) if "observation" in f.what] == []


def test_an_entry_that_never_changes_is_worth_knowing_and_all_of_them_are_risky():
    found = said(findings(HEALTHY, Plant(lambda x, k: np.array([x[0], 0.25]))), "never changes")
    assert (found.severity, found.what) == (
        "worth knowing",
        "entry 1 of the observation never changes within an episode",
    )
    assert found.evidence == f"over {TICKS} ticks in 2 episodes: entry 1 is 0.25 at first"
    found = said(findings(HEALTHY, Plant(lambda x, k: np.full(2, 0.5))), "the observation never changes")
    assert found.severity == "risky"


def test_a_sensor_that_freezes_with_every_episode_is_told_and_one_tick_is_no_episode(healthy):
    drawn = np.where([True, False], healthy.episode[:, None] / 2 + 0.1, healthy.observation)
    found = said(diagnose(replace(healthy, observation=drawn), HEALTHY), "entry 0 of the observation never changes")
    assert found.severity == "worth knowing"
    each = replace(healthy, episode=np.arange(TICKS))
    assert [f.what for f in diagnose(each, HEALTHY) if "never changes" in f.what] == []


def test_entries_that_are_not_finite_are_counted_and_held():
    found = findings(HEALTHY, Plant(lambda x, k: np.where([k % 10 == 4, False], np.nan, x)))
    entries, held = said(found, "not always finite"), said(found, "was held")
    assert (entries.severity, held.severity) == ("risky", "risky")
    assert "of 200 ticks, first in tick 4: entry 0 in 20" in entries.evidence
    assert "20 of 200 ticks, first in tick 4" in held.evidence
    assert "entry 0 of the observation is nan" in held.evidence
    found = findings(HEALTHY, Plant(lambda x, k: np.full(2, np.nan)))
    assert said(found, "was held in 100 % of the ticks").severity == "nothing moves"


@pytest.mark.parametrize("value", [1, 2])
def test_every_kind_of_held_tick_counts(healthy, value):
    held = np.zeros(TICKS, np.uint8)
    held[7] = value
    found = said(diagnose(replace(healthy, held=held), HEALTHY), "was held in 0.5 % of the ticks")
    assert "1 of 200 ticks, first in tick 7; the recording gives no reason" in found.evidence


def test_a_simulation_that_broke_down_is_told(healthy):
    events = (*healthy.events, {"event": "episode_end", "summary": {"physics_error": "diverged at 0.3 s"}})
    found = said(diagnose(replace(healthy, events=events), HEALTHY), "an episode ended in a fault")
    assert (found.severity, found.evidence) == ("risky", "diverged at 0.3 s")


# paths and neurons


def test_activity_ends_at_a_population_whose_threshold_is_out_of_reach():
    found = findings(controller(hidden=Population("hidden", 4, lif(v_threshold=1e3))))
    worst = found[0]
    assert worst.severity == "nothing moves"
    assert worst.what.startswith("population 'hidden' never spiked: the activity ends here, and nothing arrives")
    assert "4 of 16 weights of input->hidden are not 0, from 0 to 1" in worst.evidence
    assert "threshold of 1000 than at" in worst.evidence
    assert not [f for f in found if "'output' never spiked" in f.what]  # it hears nothing, which is no fault of its own
    assert said(found, "the action never leaves rest").severity == "nothing moves"


def test_an_input_that_never_spikes_is_where_activity_ends():
    rests = Plant(lambda x, k: np.full(2, 0.01))
    found = findings(controller(code=Delta(delta=0.5)), rests)
    assert found[0].severity == "nothing moves" and "the input 'input' never spiked" in found[0].what
    assert "its code is Delta" in found[0].evidence


@pytest.mark.parametrize(
    ("parts", "where"),
    [({"into": 0 * EYE}, "there the weights of input->hidden are all 0"), ({"out": 0 * EYE}, "hidden->output are all")],
)
def test_weights_that_are_all_0_lead_nowhere(parts, where):
    found = findings(controller(**parts))
    assert found[0].severity == "nothing moves"
    assert "no path of non-zero weights leads from the input 'input' to the output 'output'" in found[0].what
    assert where in found[0].evidence


def test_an_output_that_nothing_projects_to_and_that_moves_by_itself_is_risky():
    decode = Rate(population="free", size=2, limits=LIMITS)
    free = Population("free", 4, lif(), bias=(0.6, 0.1, 0.55, 0.1))
    found = said(findings(controller(populations=(free,), decode=decode)), "no path of non-zero weights")
    assert found.severity == "risky" and "no projection leads on" in found.evidence
    assert "add a projection to 'free'" in found.try_next


def test_a_projection_that_may_learn_is_a_path():
    rule = STDP(A_plus=0.01, A_minus=0.01, tau_plus=0.02, tau_minus=0.02, w_min=0.0, w_max=1.0)
    program = controller(into=np.zeros((4, 4)), out=EYE)
    learns = replace(program.network.projections[0], weights=np.zeros((4, 4)), rule=rule)
    network = replace(program.network, projections=(learns, *program.network.projections[1:]))
    program = build(replace(program.spec, network=network), weights={"hidden->output": EYE})
    assert said(findings(program), "population 'hidden' never spiked").severity == "nothing moves"


def test_a_silent_population_off_the_path_is_risky_and_one_that_nothing_drives_worth_knowing():
    side = Population("side", 4, lif(v_threshold=1e3))
    heard = controller(populations=(side,), between=(Projection("hidden", "side", EYE),))
    found = said(findings(heard), "population 'side' never spiked")
    assert found.severity == "risky" and "the activity ends" not in found.what
    found = said(findings(controller(populations=(side,))), "population 'side' never spiked: no path")
    assert found.severity == "worth knowing"


def test_dead_neurons_are_counted():
    found = said(findings(controller(into=EYE * [1, 1, 1, 0])), "neurons of 'hidden'")
    assert (found.severity, found.what) == ("worth knowing", "1 of 4 neurons of 'hidden' never spiked")
    assert found.evidence.startswith("neuron 3, in 200 ticks")
    most = Population("hidden", 10, lif())
    found = findings(controller(hidden=most, into=np.eye(10, 4) * [1, 0, 0, 0], out=np.eye(4, 10)))
    assert said(found, "9 of 10 neurons of 'hidden' never spiked").severity == "risky"


@pytest.mark.parametrize("steps", [0, 3])
def test_neurons_that_spike_whenever_they_may_are_saturated(steps):
    hidden = Population("hidden", 4, lif(t_ref=steps * 1e-3), bias=(50.0, 50.0, 50.0, 50.0))
    found = said(findings(controller(hidden=hidden)), "4 of 4 neurons of 'hidden' spike whenever they may")
    assert found.severity == "risky" and f"t_ref = {steps * 1e-3:.4g} s" in found.evidence


def test_nothing_is_said_of_neurons_whose_spikes_were_not_kept(healthy):
    cut = replace(healthy, spike_count=healthy.spike_count + 1)
    found = said(diagnose(cut, HEALTHY), "nothing can be said of neurons")
    assert found.severity == "worth knowing" and "spikes a tick, of which" in found.evidence


# actions


def test_an_action_that_hardly_leaves_rest_does_not_move_a_robot():
    found = findings(controller(decode=Rate(size=2, gain=-0.005, limits=LIMITS)))
    assert said(found, "the action hardly leaves rest").severity == "nothing moves"
    found = findings(controller(out=EYE * [0, 0, 1, 1]))
    assert said(found, "dimension 0 of the action never leaves rest").severity == "risky"


def test_actions_at_their_limits_are_told_by_dimension():
    found = said(findings(controller(decode=Rate(size=2, gain=-100.0, limits=LIMITS))), "at a limit most of the time")
    assert found.severity == "worth knowing" and "dimension 0: at -1 in " in found.evidence


def test_an_action_that_stays_at_one_limit_is_risky_if_all_dimensions_do():
    decode = Rate(size=2, gain=-100.0, limits=LIMITS)
    pushed = Plant(lambda x, k: x + 3 if k else x * 0)
    found = said(findings(controller(decode=decode, field=5.0), pushed), "stay at one limit")
    assert found.severity == "risky" and found.what.startswith("dimensions 0, 1 of the action")
    one = Plant(lambda x, k: x + np.array([3, 0]) if k else x * 0)
    found = said(findings(controller(decode=decode, field=5.0), one), "dimension 0 of the action stays at one limit")
    assert found.severity == "worth knowing"


def test_an_action_that_never_changes_does_not_answer(healthy):
    sent = np.full_like(healthy.sent, 0.5)
    still = replace(healthy, sent=sent, wanted=sent)
    assert said(diagnose(still, HEALTHY), "the action never changes").severity == "nothing moves"
    sent = np.where([True, False], 0.5, healthy.sent)
    still = replace(healthy, sent=sent, wanted=sent)
    assert said(diagnose(still, HEALTHY), "dimension 0 of the action never changes").severity == "risky"


def test_what_the_slew_rate_holds_back_is_told():
    limits = Limits(low=-1.0, high=1.0, slew=2.0)
    found = said(findings(controller(decode=Rate(size=2, gain=-3.0, limits=limits))), "the slew rate limits it")
    assert found.severity == "risky" and "at 2 a second" in found.evidence


def test_one_and_the_same_choice_is_no_answer():
    class Choosing(Plant):
        action_space = Discrete(2)

        def step(self, action):
            return super().step(np.full(2, float(action) - 0.5))

    found = said(
        findings(controller(decode=WinnerTakeAll(size=2), out=EYE * [0, 0, 1, 1]), Choosing()), "always choice"
    )
    assert found.severity == "nothing moves" and found.what == "the action is always choice 1"
    found = findings(controller(decode=WinnerTakeAll(size=2), out=0 * EYE), Choosing())
    assert "always choice 0, which is also that of a silent network" in said(found, "always choice").what
    assert not [f for f in findings(controller(decode=WinnerTakeAll(size=2)), Choosing()) if "choice" in f.what]


# deadlines


def test_missed_deadlines_name_the_stage_that_was_longest(healthy):
    late = with_timing(healthy, slack=-3_000_000, act=12_000_000)
    found = said(diagnose(late, HEALTHY), "missed their deadline")
    assert found.severity == "risky" and found.what.startswith("5 % of the ticks") and "'act'" in found.what
    assert "10 of 200 ticks, the worst by 3 ms; 'act' was longest in 10 of them, with 12 ms" in found.evidence
    late = with_timing(healthy, slack=-1, tick=12_000_000, link=11_000_000)
    assert "'link'" in said(diagnose(late, HEALTHY), "missed their deadline").what
    assert diagnose(with_timing(healthy), HEALTHY) == ()


def test_a_deadline_missed_once_is_worth_knowing(healthy):
    timing = healthy.timing.copy()
    timing[5, STAGES.index("slack")] = -1
    assert said(diagnose(replace(healthy, timing=timing), HEALTHY), "missed their").severity == "worth knowing"


# all of them


def test_the_worst_comes_first():
    found = findings(controller(out=0 * EYE, field=0.3), Plant(astray))
    order = [SEVERITIES.index(finding.severity) for finding in found]
    assert order == sorted(order) and set(order) == {0, 1, 2}


def test_long_lists_are_cut_and_shares_are_not_rounded_up():
    assert numbered("entry", "entries", range(10)) == "entries 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    assert numbered("entry", "entries", [4]) == "entry 4"
    assert [percent(x) for x in (1.0, 0.99999, 0.5, 0.001)] == ["100 %", "99.9 %", "50 %", "0.1 %"]
