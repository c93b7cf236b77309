"""The op table: what a Program is made of, as `tick` interprets it.

The layout arena (int32) is a header, then rows of `WIDTH` numbers, then index arrays (CSR, delays,
refractory steps). A row is an opcode and its operands. Operands called ``*_at`` are offsets in words:
into params for coefficients and weights, into state for everything that changes, into layout for index
arrays. Sections run in this order: the prologue once a tick, the step section `substeps` times, the
epilogue once.

An op of the interpreter is a branch of `tick`. A linked op is a function of its own in `LINKED_OPERANDS`, compiled
when a Program first needs it; its row starts with LINKED, or LINKED_SPIKES where it makes spikes, and the words
where a core writes the function's address. In a Program the first of them holds the op's number.

A spike list is ``slots`` consecutive lists of ``1 + n`` words, the number of spikes and then the neurons,
of the last ``slots`` steps: the list of step k is at slot k mod slots.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WIDTH = 20
LINE = 16
"""Words of 4 bytes in a cache line."""

# header of the layout arena
SUBSTEPS, N_OBS, N_ACT, N_PROLOGUE, N_STEP, N_EPILOGUE = range(6)
HEADER = 16

# header of the state arena, integers
STEP_LO, STEP_HI, EPISODE, SEED_LO, SEED_HI, INSTANCE, SPIKES, SYNOPS_LO, SYNOPS_HI, FAULT, LEARN, ENDING = range(12)
REWARD = 12  # a real number, what the tick is given
TERMINATED, TRUNCATED = 1, 2  # what ENDING holds while an episode's last reward is delivered, else 0
STATE_HEADER = 16

_SPIKING = "n v_at s_at alpha_at lam_at b_at theta_at to_at subtract spikes_at slots neuron hits_at"

_OPERANDS = {
    # prologue
    "CARRY": "n at init_at carry_at",
    "CLEAR": "n at",
    "ZERO": "n at",
    "FIELD_DIRECT": "n center_at scale_at act_at push_pull",
    "FIELD_GAUSSIAN": "n center_at scale_at act_at per_dim means_at sharp_at",
    "CHANCE": "n act_at gain_at chance_at",
    "DRIVE": "n_pre n_post act_at gain_at weights_at drive_at",
    # step: input spikes
    "EXTERNAL_SPIKES": "n column spikes_at slots neuron",
    "REGULAR": "n act_at gain_at phase_at spikes_at slots neuron hits_at",
    "POISSON": "n chance_at spikes_at slots neuron stream",
    # step: delivery into s, the sum of what arrives
    "DENSE": "n_pre n_post weights_at spikes_at slots delay s_at",
    "SPARSE": "n_pre n_post indptr_at indices_at weights_at spikes_at slots delay s_at",
    "SCATTER": "n_pre n_post indptr_at indices_at delays_at weights_at spikes_at slots ring_at ring_slots",
    "GATHER": "n_post ring_at ring_slots s_at",
    "HELD": "n_post drive_at history_at slots delay s_at",
    # step: update
    "LIF": _SPIKING,
    "LIF_REFRACTORY": f"{_SPIKING} steps_at wait_at held",
    "CUBA": f"{_SPIKING} i_at kappa_at beta_at mu_at",
    "CUBA_REFRACTORY": f"{_SPIKING} i_at kappa_at beta_at mu_at steps_at wait_at",
    "LI": "n v_at s_at alpha_at lam_at b_at",
    "COUNT": "n spikes_at slots counts_at",
    # any section: a linked op, its operands behind its address
    "LINKED": "address_lo address_hi",
    "LINKED_SPIKES": "address_lo address_hi n spikes_at slots neuron",
    # epilogue
    "READ_RATE": "n_act per push_pull counts_at offset_at gain_at wanted_at",
    "READ_MEMBRANE": "n_act per push_pull v_at offset_at gain_at tanh wanted_at",
    "LIMIT": "n_act wanted_at low_at high_at rest_at slew_at last_at",
    "WINNER": "n_act per counts_at rest_at wanted_at last_at",
}

OPERANDS: dict[str, tuple[str, ...]] = {name: tuple(words.split()) for name, words in _OPERANDS.items()}
OPCODES: dict[str, int] = {name: code for code, name in enumerate(OPERANDS, start=1)}
NAMES: dict[int, str] = {code: name for name, code in OPCODES.items()}

(
    CARRY, CLEAR, ZERO, FIELD_DIRECT, FIELD_GAUSSIAN, CHANCE, DRIVE,
    EXTERNAL_SPIKES, REGULAR, POISSON,
    DENSE, SPARSE, SCATTER, GATHER, HELD,
    LIF, LIF_REFRACTORY, CUBA, CUBA_REFRACTORY, LI, COUNT, LINKED, LINKED_SPIKES,
    READ_RATE, READ_MEMBRANE, LIMIT, WINNER,
) = OPCODES.values()  # fmt: skip


_UPDATE = "n spikes_at slots neuron hits_at state_at coef_at"
_MODEL = f"{_UPDATE} subtract steps_at wait_at"
_CODE = "n spikes_at slots neuron act_at"
_PLASTIC = "n_pre n_post stride w_at indptr_at indices_at limits_at"
_PAIRS = f"{_PLASTIC} post_index_at watch_at pre_at pre_slots delay post_at post_slots trace_at coef_at"

_LINKED_OPERANDS = {
    "CUBA_UNIFORM": "n spikes_at slots neuron hits_at state_at b_at coef_at receptors steps queue_at",
    "CUBA_TWO": _MODEL,
    "ALPHA": f"{_MODEL} receptors",
    "ADEX": f"{_MODEL} conductance early scratch_at",
    "ALIF": f"{_MODEL} held",
    "COBA": f"{_MODEL} early",
    "IZHIKEVICH": f"{_UPDATE} half_steps",
    "SCATTER_STP": "n_pre n_post indptr_at indices_at delays_at delay weights_at spikes_at slots ring_at ring_slots "
    "share_at last_at coef_at",
    "NOISE": "n v_at noise_at coef_at wait_at held stream",
    "CUSTOM": "n spikes_at slots neuron hits_at state_at coef_at states coefficients population",
    # fields and codes
    "FIELD_ONE_HOT": "n center_at scale_at act_at per_dim",
    "LATENCY": f"{_CODE} threshold_at logarithmic due_at",
    "DELTA": f"{_CODE} fine_at level_at",
    "PHASE": f"{_CODE} bits word_at",
    "BURST": f"{_CODE} threshold_at most shortest longest plan_at",
    # read-outs
    "FILTER": "n spikes_at slots keep_at take_at trace_at",
    "READ_VECTOR": "n_act per counts_at preferred_at gain_at wanted_at",
    "COUNT_FIRST": "n spikes_at slots decided_at counts_at",
    "HIGHEST": "n_act per v_at wanted_at last_at",
    # learning: delivery by weights that are state; changes after the populations, and of all weights at once
    "PLASTIC": "n_pre n_post stride w_at indptr_at indices_at spikes_at slots delay s_at",
    "STDP": f"{_PAIRS} kind",
    "ELIGIBILITY": f"{_PAIRS} kind",
    "RULE": f"{_PAIRS} projection",
    "MODULATE": f"{_PLASTIC} e_at watch_at trace_at coef_at memory_at period critic_at critic_n kind",
    "SCALE": f"{_PLASTIC} watch_at post_at post_slots trace_at coef_at period",
    "NORMALISE": f"{_PLASTIC} watch_at trace_at coef_at period",
    "EPROP_SIGNAL": "n_post n_out readout_at target_at gate_at feedback_at stride signal_at error_at kind",
    "EPROP_SLOPE": "n_post v_at theta_at to_at adapt_at rise_at post_at post_slots steps_at trace_at coef_at kind",
    "EPROP": "n_pre n_post stride e_at indptr_at indices_at pre_at pre_slots delay x_at trace_at coef_at g_at adapt_at "
    "decay_at rise_at signal_at",
    "EPROP_APPLY": f"{_PLASTIC} watch_at g_at memory_at coef_at period mean_at square_at kind",
    "PERTURB": "n_pre n_post stride w_at indptr_at indices_at e_at noise_at sent_at coef_at period stream lack_at",
}
LINKED_OPERANDS: dict[str, tuple[str, ...]] = {name: tuple(words.split()) for name, words in _LINKED_OPERANDS.items()}
LINKED_NAMES: tuple[str, ...] = tuple(LINKED_OPERANDS)
FIRST = 3
"""Where the operands of a linked op begin."""

# what the ops of learning rules find in params and in their last operand
LO, HI, BASE, SPAN, MU_PLUS, MU_MINUS = range(6)
LIMITS = 6
"""Of weights: bounds; the weakest weight, and from there to the strongest; exponents of soft bounds."""
FADE_X, FADE_X_SLOW, FADE_Y, FADE_Y_SLOW, EVENTS = range(5)
PRE, A2_MINUS, A3_MINUS, A2_PLUS, A3_PLUS = range(5)
COEFFICIENTS = EVENTS + 5
"""Of STDP and ELIGIBILITY: decays over a step; then what events do."""
FADE_E, KEEP_MEAN = FADE_X_SLOW, FADE_Y_SLOW
"""ELIGIBILITY has no slow traces."""
GAIN, KEEP, TONIC, END_PHASIC, END_TONIC = range(5)
MODULATION = 5
"""Of MODULATE: of a reward the gain and what is kept of the mean; of dopamine the gain of what rewards raised, its
decay, what the tonic level does, and both once more to the end of time; of a TD error the gain and the discount."""
NOISE_RHO, NOISE_SCALE, NOISE_STD, KEEP_E, USUAL, KEEP_LACK = range(6)
PERTURBATION = 6
"""Of PERTURB: of the noise what is kept over a tick, what is added, its standard deviation; decay of the
eligibility; the usual reward, 0 where none is, and what is kept of the mean of what is lacking."""
OWN = 3
"""Of RULE, ahead of the user's parameters: decays of x and y, and whether pairs are of nearest spikes."""
NEAREST, SLOW, SOFT, CENTRED = 1, 2, 4, 8
"""Bits of a kind."""
SURPRISE, DOPAMINE, TD_ERROR = range(3)
"""The first two bits of the kind of MODULATE."""
KEEP_V, JUMP, FILTER_OUT, GAIN_OUT, GAMMA, SLOPE, RATE_REG, KEEP_RATE, TARGET = range(9)
EPROP_COEFFICIENTS = 9
"""Of EPROP and EPROP_SLOPE: decay of v and what an arrival adds to it; the same of the read-out; height and steepness
of the pseudo-derivative; of the regulariser strength, what is kept of the running rate, and its target per step."""
OWN_ERROR, IN_STATE, SOFTMAX = 1, 2, 4
"""Bits of the kind of EPROP_SIGNAL."""
RATE, TAKE_MEAN, TAKE_SQUARE, EPSILON, EPISODES = range(5)
DESCENT = 5
"""Of EPROP_APPLY."""


def row(name: str, **operands: int) -> list[int]:
    """One row of the table; every operand of the op must be given."""
    names = OPERANDS[name] if name in OPERANDS else LINKED_OPERANDS[name]
    if set(names) != set(operands):
        raise KeyError(f"{name} takes {names}, given {tuple(operands)}")
    head = [OPCODES[name]] if name in OPERANDS else _linked_head(name)
    numbers = [*head, *(operands[n] for n in names)]
    return [*numbers, *[0] * (WIDTH - len(numbers))]


def _linked_head(name: str) -> list[int]:
    spikes = LINKED_OPERANDS[name][:4] == OPERANDS["LINKED_SPIKES"][2:]
    return [LINKED_SPIKES if spikes else LINKED, LINKED_NAMES.index(name), 0]


def name_of(row: Sequence[int] | np.ndarray) -> str:
    """The op of a row of a Program's table."""
    code = int(row[0])
    return LINKED_NAMES[int(row[1])] if code in (LINKED, LINKED_SPIKES) else NAMES[code]
