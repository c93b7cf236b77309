"""The words of an image: what a board's network is made of, and `fixed_tick` interprets.

docs/fixed.md says what each means. Offsets are in bytes.
"""

from __future__ import annotations

MAGIC = 0x5846424E  # "NBFX"
FORMAT = 1
ARITHMETIC = 2

HEADER_WORDS = 32
(
    W_MAGIC, W_FORMAT, W_ARITHMETIC, W_LENGTH, W_OPS, W_SUBSTEPS, W_IN, W_INPUT, W_ACT, W_NEURONS, W_SYNAPSES, W_STATE,
    W_SCRATCH, W_FLAGS, W_PERIOD, W_READOUT, W_TRACES, W_KEPT, W_REWARD,
) = range(19)  # fmt: skip
FRESH = 1
"""Bit of the header's flags: a tick begins with nothing in flight."""
SPIKES_IN, CURRENTS_IN = range(2)

ROW = 16
"""Words of a row of the table."""
INPUT, DENSE, SPARSE, DRIVE, NEURON, COUNT = range(1, 7)
LEARN = 16
OP_NAMES = {
    INPUT: "INPUT", DENSE: "DENSE", SPARSE: "SPARSE", DRIVE: "DRIVE", NEURON: "NEURON", COUNT: "COUNT", LEARN: "LEARN"
}  # fmt: skip

# words of rows; those of the same name are at the same place in all ops that have them
N = N_PRE = 1
FIRST_NEURON = N_POST = 2
FED = SHIFT = FLAGS = FIRST_ONLY = 3
CARRY = DRIVE_AT = COUNTS_AT = LEARNT_AT = DELIVERY = 4
S_AT = DECIDED_AT = 5
V_AT, I_AT, WAIT_AT, SPIKES_AT, SLOTS = range(6, 11)
TRACES_AT, KEPT_AT = 6, 7
WEIGHTS_AT = PARAMS_AT = 11
DELAY = UNIT = 12
ROWS_AT, TARGETS_AT, N_SYN = range(13, 16)

# flags of NEURON
SPIKING, SUBTRACT, REFRACTORY = 1, 2, 4
CURRENT_SHIFT = 4
NONE, START, END, HELD = range(4)

# flags of LEARN, and the words of its rule
NEAREST, CENTRED = 1, 2
(
    LEAK_X, LEAK_Y, LEAK_MEAN, LEAK_E, LEAK_REWARD, RISE_X, RISE_Y, A_PLUS, A_MINUS, A_PRE, E_SHIFT, GAIN, GAIN_SHIFT,
    LOW, HIGH,
) = range(15)  # fmt: skip
RULE = 15
MEMORY = 2
"""Words of the mean reward and its weight, ahead of all else that a LEARN keeps."""
REWARD_BOUND = 1 << 29

# the decoder, a row too
RATE, MEMBRANE, WINNER, HIGHEST = range(1, 5)
(D_KIND, D_GROUPS, D_PER, D_PUSH_PULL, D_SOURCE_AT, D_MULT, D_SHIFT, D_TABLE_AT, D_OUTPUTS_AT) = range(9)
TABLE = 257
OUTPUT_BYTES = 40
NO_SLEW = 65535

# the state's header, words
S_STEP, S_SPIKES, S_LAST = range(3)

BOUND = 1 << 30
"""Membranes and currents stay within this, either side."""
DRIVE_BOUND = 1 << 28
FAN_IN = 32767
DRIVE_FAN_IN = 8192
"""What a DRIVE counts for."""
MOST_BYTES = 1 << 24

# kinds of what a tick brings
BITMAPS, HELD_CURRENTS, STEP_CURRENTS, SPIKE_LIST = range(4)

# what a tick is given and tells, beside the state: words of `io`
IO_KIND, IO_SIZE, IO_SPIKES, IO_SYNOPS, IO_SATURATED, IO_FLAGS, IO_REWARD = range(7)
IO = 8
"""Behind these: how many weights each LEARN changed in this tick."""
LEARNS, ENDS = 1, 2
"""Bits of IO_FLAGS: weights change; there are no steps, only the last reward."""
