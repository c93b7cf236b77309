"""`simulate`: stimuli in, spikes and traces out."""

import math

import numpy as np
import pytest

from neurobot import build, simulate
from neurobot.core import HostCore
from neurobot.errors import NeurobotError, SpecError
from neurobot.simulation import CurrentPulse, PoissonSpikes, Pulses, RegularSpikes, SpikeTrain
from neurobot.spec import LIF, AllToAll, CubaLIF, FixedProbability, Input, NetworkSpec, Normal, Population, Projection

DT = 1e-3
CELL = LIF(tau_mem=10e-3, v_leak=-70e-3, v_threshold=-50e-3, v_reset=-65e-3, t_ref=5e-3, input="jump")


def tutorial(dt=1e-4):
    projection = Projection("cells", "cells", AllToAll(weight=1.62e-3, self=False), delay=dt)
    return build(NetworkSpec(dt, (Population("cells", 10, CELL),), (projection,)))


def feed(model, n_in=3, n=4, weight=0.6, dt=DT):
    """Inputs onto cells, all to all."""
    return build(
        NetworkSpec(
            dt,
            (Population("in", n_in, Input()), Population("cells", n, model)),
            (Projection("in", "cells", AllToAll(weight=weight)),),
        ),
        seed=5,
    )


def recurrent():
    cell = CubaLIF(tau_mem=10e-3, tau_syn=4e-3, t_ref=2e-3)
    w = FixedProbability(p=0.4, weight=Normal(mean=0.4, std=1.0))
    return build(
        NetworkSpec(
            DT,
            (Population("in", 5, Input()), Population("cells", 20, cell, bias=0.5)),
            (Projection("in", "cells", w), Projection("cells", "cells", w, delay=2e-3)),
        ),
        seed=2,
    )


def test_the_tutorial_network_never_reaches_threshold_by_itself():
    result = simulate(tutorial(), duration=0.5, record=["cells.v"])
    assert len(result.spikes["cells"]) == 0
    np.testing.assert_allclose(result.traces["cells.v"], -70e-3, rtol=0, atol=1e-15)


def test_a_driven_neuron_has_the_interval_of_its_closed_form():
    """From v_reset to the threshold in tau ln((end - v_reset) / (end - v_threshold)), and t_ref."""
    result = simulate(tutorial(), {"cells": CurrentPulse(amplitude=25e-3)}, 1.0)
    end, jump = -70e-3 + 25e-3, 9 * 1.62e-3  # the others' spikes arrive while a neuron waits, so they do nothing
    rise = math.floor(10e-3 / 1e-4 * math.log((end + 65e-3) / (end + 50e-3))) + 1
    assert jump > 0
    steps = result.spikes["cells"].steps.reshape(-1, 10)
    assert (np.diff(steps[:, 0]) == rise + 50).all()
    assert (steps == steps[:, :1]).all()


def test_a_current_pulse_begins_and_ends_when_it_says():
    pulse = CurrentPulse(amplitude=2.0, start=10e-3, stop=30e-3)
    result = simulate(feed(LIF(tau_mem=10e-3, v_threshold=9.0)), {"cells": pulse}, 0.06, record=["cells.v"])
    t = np.arange(1, 61) * DT
    rise = 2.0 * (1 - np.exp(-(np.clip(t, 0.01, 0.03) - 0.01) / 10e-3))
    expected = rise * np.exp(-np.maximum(t - 0.03, 0) / 10e-3)
    np.testing.assert_allclose(result.traces["cells.v"], np.repeat(expected[:, None], 4, 1), atol=1e-12)


def test_currents_add_up_however_they_are_given():
    program = feed(LIF(tau_mem=10e-3, v_threshold=9.0))
    pulse = CurrentPulse(amplitude=(1.0, 2.0, 3.0, 4.0), start=5e-3, stop=20e-3)
    array = np.zeros((40, 4))
    array[5:20] = [1.0, 2.0, 3.0, 4.0]
    ramp = np.linspace(0, 1, 40)[:, None] * np.ones(4)
    a = simulate(program, {"cells": [pulse, ramp]}, 0.04, record=["cells.v"])
    b = simulate(program, {"cells": array + ramp}, 0.04, record=["cells.v"])
    np.testing.assert_allclose(a.traces["cells.v"], b.traces["cells.v"], atol=1e-12)


def test_a_bias_and_a_current_are_the_same():
    spec = NetworkSpec(DT, (Population("cells", 2, LIF(tau_mem=10e-3), bias=1.5),))
    plain = NetworkSpec(DT, (Population("cells", 2, LIF(tau_mem=10e-3)),))
    a = simulate(build(spec), duration=0.2)
    b = simulate(build(plain), {"cells": CurrentPulse(amplitude=1.5)}, 0.2)
    assert len(a.spikes["cells"]) > 5
    np.testing.assert_array_equal(a.spikes["cells"].steps, b.spikes["cells"].steps)


def inputs_of(stimulus, steps=1000, n_in=3, dt=DT):
    """The input spikes that a stimulus makes, (steps, n_in)."""
    result = simulate(feed(LIF(tau_mem=10e-3), n_in=n_in, dt=dt), {"in": stimulus}, steps * dt)
    out = np.zeros((steps, n_in), int)
    np.add.at(out, (result.spikes["in"].steps, result.spikes["in"].neurons), 1)
    return out


def test_poisson_spikes_have_their_rate_and_are_independent():
    rows = inputs_of(PoissonSpikes(rate=(20.0, 100.0, 0.0)), steps=50_000)
    assert rows.mean(0) / DT == pytest.approx([20, 100, 0], abs=3 * math.sqrt(100 / 50))
    assert abs(np.corrcoef(rows[:-1, 1], rows[1:, 1])[0, 1]) < 0.02
    assert abs(np.corrcoef(rows[:, 0], rows[:, 1])[0, 1]) < 0.02


def test_regular_spikes_are_evenly_spaced_from_their_phase_on():
    rows = inputs_of(RegularSpikes(rate=(100.0, 250.0, 1000.0), phase=(0.0, 0.5, 0.0)), steps=100)
    assert np.flatnonzero(rows[:, 0]).tolist() == list(range(9, 100, 10))
    assert np.flatnonzero(rows[:, 1]).tolist() == list(range(1, 100, 4))
    assert rows[:, 2].all()


def test_a_pulse_reaches_every_neuron_and_a_train_the_one_it_names():
    assert np.argwhere(inputs_of(Pulses(times=(3e-3, 0.05)), 60)).tolist() == [
        [k, j] for k in (3, 50) for j in range(3)
    ]
    train = SpikeTrain([0.0, 0.0105, 0.0025], [2, 0, 1])
    assert np.argwhere(inputs_of(train, 60)).tolist() == [[0, 2], [2, 1], [10, 0]]
    assert not inputs_of(SpikeTrain([], []), 60).any()


def test_stimuli_of_a_list_are_joined():
    rows = inputs_of([Pulses(times=5e-3), SpikeTrain([5e-3, 7e-3], [0, 0])], 20)
    assert np.argwhere(rows).tolist() == [[5, 0], [5, 1], [5, 2], [7, 0]]


def test_recorded_spikes_drive_another_run_as_they_drove_the_first():
    program = recurrent()
    first = simulate(program, {"in": PoissonSpikes(rate=200.0)}, 0.5)
    recorded = first.spikes["in"]
    again = simulate(program, {"in": SpikeTrain(recorded.times, recorded.neurons)}, 0.5)
    assert len(first.spikes["cells"]) > 50
    np.testing.assert_array_equal(first.spikes["cells"].steps, again.spikes["cells"].steps)
    np.testing.assert_array_equal(first.spikes["cells"].neurons, again.spikes["cells"].neurons)


@pytest.mark.parametrize("most", [1, 7, 64])
def test_the_result_does_not_depend_on_how_a_run_is_cut_into_calls(monkeypatch, most):
    def run():
        inputs = {"in": PoissonSpikes(rate=300.0), "cells": CurrentPulse(amplitude=0.4, start=33e-3, stop=90e-3)}
        return simulate(recurrent(), inputs, 0.2, record=["cells.v", "cells.i"], every=3)

    whole = run()
    monkeypatch.setattr("neurobot.simulation.plan.MOST_STEPS", most)
    cut = run()
    for name in whole.traces:
        np.testing.assert_array_equal(whole.traces[name], cut.traces[name])
    np.testing.assert_array_equal(whole.spikes["cells"].steps, cut.spikes["cells"].steps)
    assert whole.synops == cut.synops > 0


def test_simulate_is_the_core_step_by_step():
    program, rows = recurrent(), np.random.default_rng(0).random((200, 5)) < 0.2
    core = HostCore(program, "float64", log_spikes=100)
    spikes, v, i = [], [], []
    for k, row in enumerate(rows):
        core.tick(row)
        spikes += [(k, j - 5) for _, j in core.spikes.tolist() if j >= 5]
        v.append(core.block("cells.v").copy())
        i.append(core.block("cells.i")[[3, 1]].copy())
    result = simulate(program, {"in": rows}, 0.2, record={"cells.v": range(20), "cells.i": [3, 1]})
    found = result.spikes["cells"]
    assert list(zip(found.steps.tolist(), found.neurons.tolist(), strict=True)) == spikes
    np.testing.assert_array_equal(result.traces["cells.v"], v)
    np.testing.assert_array_equal(result.traces["cells.i"], i)
    assert result.times[3] == pytest.approx(3 * DT)


def test_counts_rates_and_windows_agree():
    result = simulate(recurrent(), {"in": RegularSpikes(rate=300.0)}, 0.5)
    spikes = result.spikes["cells"]
    assert result.counts("cells").sum() == len(spikes) > 0
    assert result.rates("cells").mean() == pytest.approx(result.rate_over_time("cells", 0.05).mean())
    assert result.rate_over_time("cells", 0.2).shape == (2,)
    np.testing.assert_allclose(spikes.times, spikes.steps * DT)


def test_float32_is_close_to_float64():
    a, b = (simulate(recurrent(), {"in": PoissonSpikes(rate=300.0)}, 0.5, dtype=d) for d in ("float32", "float64"))
    assert len(a.spikes["cells"]) == pytest.approx(len(b.spikes["cells"]), rel=0.1)


def test_the_seed_is_of_the_stimuli():
    def run(seed):
        return simulate(recurrent(), {"in": PoissonSpikes(rate=300.0)}, 0.1, seed=seed).spikes["in"].steps.tolist()

    assert run(1) == run(1) != run(3)
    assert run(None) == run(2)  # the program's


def test_nothing_is_recorded_of_a_run_of_no_time():
    result = simulate(recurrent(), duration=0.0, record=["cells.v"])
    assert (len(result.spikes["cells"]), result.traces["cells.v"].shape) == (0, (0, 20))


def test_a_picture_has_a_panel_for_each_variable(tmp_path):
    pytest.importorskip("matplotlib")
    result = simulate(recurrent(), {"in": RegularSpikes(rate=300.0)}, 0.1, record=["cells.v", "cells.i"])
    figure = result.plot(tmp_path / "network.png")
    assert (tmp_path / "network.png").stat().st_size > 5_000
    assert [ax.get_ylabel() for ax in figure.axes] == ["neuron", "cells.v", "cells.i", "rate [Hz]"]
    drawn = sum(len(line.get_xdata()) for line in figure.axes[0].lines)
    assert drawn == sum(map(len, result.spikes.values()))
    with pytest.raises(NeurobotError, match="pictures can be written as"):
        result.plot(tmp_path / "network.xyz")


ONES = np.ones((100, 4))
WRONG = [
    ({"inputs": {"cell": ONES}}, "inputs: there is no population 'cell'; did you mean 'cells'"),
    (
        {"inputs": {"in": ONES}},
        r"the array for 'in' is \(100, 4\) float64, it must be numbers \(steps, n\) = \(100, 3\)",
    ),
    ({"inputs": {"cells": ONES * np.nan}}, "the array for 'cells' has entries that are not finite"),
    (
        {"inputs": {"cells": Pulses(times=0.0)}},
        "'cells' is LIF and takes currents, given Pulses.*array .* or CurrentPulse",
    ),
    ({"inputs": {"in": CurrentPulse(amplitude=1.0)}}, "'in' is Input and takes spikes, given .*PoissonSpikes, "),
    ({"inputs": {"in": PoissonSpikes(rate=(1.0, 2.0))}}, "rate for 'in' has 2 values, it must have one or 3"),
    ({"inputs": {"in": PoissonSpikes(rate=2000.0)}}, "rate for 'in' is over one spike a step; at most 1000 Hz"),
    ({"inputs": {"cells": CurrentPulse(amplitude=(1.0, 2.0))}}, "amplitude for 'cells' has 2 values"),
    ({"inputs": {"in": SpikeTrain([0.0], [3])}}, r"neuron 3 of the SpikeTrain spikes, the population has 0\.\.2"),
    (
        {"inputs": {"in": SpikeTrain([5e-3, 5.4e-3], [1, 1])}},
        "spikes 2 times in the step at 0.005 s",
    ),
    ({"duration": 0.0105}, "duration is 0.0105 s, not a multiple of dt = 0.001 s"),
    ({"duration": -1.0}, "duration is -1, it must be at least 0"),
    ({"every": 0}, "every is 0, it must be at least 1"),
    ({"record": ["cells.w"]}, "there is no variable 'cells.w'; did you mean 'cells.v'"),
    ({"record": {"cells.v": [4]}}, r"'cells.v' is asked of neurons \[4\]; give numbers in 0\.\.3"),
    ({"inputs": [ONES]}, "inputs is a list, it must be a mapping from populations to stimuli"),
    ({"inputs": {"cells": [[0.0, 1.0]] * 100}}, r"'cells' is LIF and takes currents, given \[0.0, 1.0\]; give a NumPy"),
    (
        {"inputs": {"in": SpikeTrain([10.0, 20.0], [0, 0])}},
        "SpikeTrain for 'in' begins at 10 s, after the end at",
    ),
    (
        {"inputs": {"in": Pulses(times=0.5)}},
        "begins at 0.5 s, after the end at 0.1 s; times are in seconds",
    ),
    ({"inputs": {"cells": CurrentPulse(amplitude=1.0, start=5.0)}}, "CurrentPulse for 'cells' begins at 5 s, after"),
    (
        {"inputs": {"cells": CurrentPulse(amplitude=1.0, start=0.0102, stop=0.0107)}},
        "the pulse for 'cells' from 0.0102 to 0.0107 s covers no whole step of 0.001 s",
    ),
    ({"seed": 1 << 64}, r"seed is 18446744073709551616, it must be below 2\^64"),
    ({"seed": 1.5}, "seed is 1.5, it must be a whole number"),
    ({"record": {"cells.v": [True, False]}}, "give numbers in 0..3, or a mask of 4"),
    ({"record": {"cells.v": [[0], [1, 2]]}}, "give numbers in 0..3, or a mask of 4"),
    ({"record": {"cells.v": [0.5]}}, r"'cells.v' is asked of neurons \[0.5\]"),
]


@pytest.mark.parametrize(("given", "message"), WRONG, ids=[message[:50] for _, message in WRONG])
def test_what_does_not_fit_the_network_is_said_before_anything_runs(given, message):
    with pytest.raises(SpecError, match=message):
        simulate(feed(LIF(tau_mem=10e-3)), **{"duration": 0.1, **given})


STIMULI = [
    (lambda: PoissonSpikes(rate=-1.0), "rate is -1, it must be at least 0"),
    (lambda: RegularSpikes(rate=1.0, phase=1.0), "phase is 1, it must be at most 1"),
    (lambda: SpikeTrain(["a"], [0]), "times and neurons must be arrays of numbers"),
    (lambda: Pulses(times=(0.0, -1.0)), r"times\[1\] is -1"),
    (lambda: SpikeTrain([0.0, 1.0], [1]), r"times has shape \(2,\) and neurons \(1,\)"),
    (lambda: SpikeTrain([0.0], [-1]), "neurons must be whole numbers from 0 on"),
    (lambda: SpikeTrain([np.nan], [1]), "times must be finite and at least 0 s"),
    (lambda: CurrentPulse(amplitude=1.0, start=2.0, stop=1.0), "stop is 1, it must be greater than 2"),
]


@pytest.mark.parametrize(("make", "message"), STIMULI, ids=[message[:40] for _, message in STIMULI])
def test_a_stimulus_that_makes_no_sense_is_refused(make, message):
    with pytest.raises(SpecError, match=message):
        make()


def test_chance_of_a_stimulus_is_not_that_of_the_drawn_weights():
    """Both come from the program's seed."""
    w = FixedProbability(p=0.2, weight=1.0)
    network = NetworkSpec(
        DT, (Population("in", 64, Input()), Population("cells", 64, CELL)), (Projection("in", "cells", w),)
    )
    spikes = simulate(build(network), {"in": PoissonSpikes(rate=200.0)}, 0.064).spikes["in"]
    fired = np.zeros((64, 64), bool)
    fired[spikes.steps, spikes.neurons] = True
    connected = build(network).weights("in->cells").T != 0
    assert (fired == connected).mean() == pytest.approx(0.2**2 + 0.8**2, abs=0.05)


def test_each_stimulus_has_a_chance_of_its_own():
    both = [PoissonSpikes(rate=50.0), PoissonSpikes(rate=80.0)]

    def early(inputs, duration):
        spikes = simulate(feed(LIF(tau_mem=10e-3)), inputs, duration).spikes["in"]
        return spikes.steps[spikes.steps < 1000].tolist()

    alone = early({"in": both}, 1.0)
    assert alone == early({"in": both}, 20.0)
    assert alone == early({"in": both, "cells": CurrentPulse(amplitude=0.1, start=0.3, stop=0.5)}, 1.0)
    assert set(early({"in": both[:1]}, 1.0)) <= set(alone)


def test_a_current_is_added_to_the_bias_that_the_program_has():
    """Also where a trainer has changed it."""
    program = feed(LIF(tau_mem=10e-3))
    trained = program.params.copy()
    program.blocks["params"]["cells.b"].of(trained)[...] = 0.2
    program = program.with_params(trained)
    plain = simulate(program, duration=0.3, record=["cells.v"])
    driven = simulate(program, {"cells": CurrentPulse(amplitude=0.0)}, 0.3, record=["cells.v"])
    assert len(plain.spikes["cells"]) > 5
    np.testing.assert_array_equal(plain.traces["cells.v"], driven.traces["cells.v"])


def test_a_mask_chooses_the_neurons_to_record():
    program = feed(LIF(tau_mem=10e-3, v_threshold=9.0))
    inputs = {"in": RegularSpikes(rate=300.0)}
    everything = simulate(program, inputs, 0.05, record=["cells.v"]).traces["cells.v"]
    for chosen in ([True, False, False, True], [0, 3]):
        some = simulate(program, inputs, 0.05, record={"cells.v": chosen}).traces["cells.v"]
        np.testing.assert_array_equal(some, everything[:, [0, 3]])
    assert simulate(program, inputs, 0.05, record={"cells.v": []}).traces["cells.v"].shape == (50, 0)
    assert simulate(program, inputs, 0.05, record={"cells.v": None}).traces["cells.v"].shape == (50, 4)


def test_a_rate_over_no_time_is_0_and_a_window_has_a_length():
    result = simulate(recurrent(), duration=0.0)
    assert not result.rates("cells").any()
    with pytest.raises(SpecError, match="window is -1, it must be greater than 0"):
        result.rate_over_time("cells", -1.0)


def test_what_is_simulated_is_a_program():
    spec = NetworkSpec(DT, (Population("cells", 2, CELL),))
    with pytest.raises(SpecError, match=r"program is a NetworkSpec; give neurobot.build\(network\)"):
        simulate(spec)


def test_a_controller_is_no_network():
    from tests.unit.test_controller import spec

    with pytest.raises(SpecError, match="the program is a controller"):
        simulate(build(spec()))


def test_unknown_populations_of_a_result_come_with_near_matches():
    with pytest.raises(KeyError, match="there are no spikes of 'cell'; did you mean 'cells'"):
        simulate(recurrent(), duration=0.01).counts("cell")


def test_only_a_network_runs_several_steps_a_call():
    from tests.unit.test_controller import spec

    with pytest.raises(SpecError, match="max_steps is 2; it must be 1, or more for a network alone"):
        HostCore(build(spec()), max_steps=2)


def test_a_receptor_that_the_model_lacks_is_refused():
    with pytest.raises(SpecError, match="'cells' has no receptor 'inhibitory'; give its model a tau_syn_in"):
        NetworkSpec(
            DT, (Population("cells", 2, CELL),), (Projection("cells", "cells", AllToAll(), DT, receptor="inhibitory"),)
        )
    with pytest.raises(SpecError, match="receptor is 'gaba'"):
        Projection("a", "b", AllToAll(), receptor="gaba")
