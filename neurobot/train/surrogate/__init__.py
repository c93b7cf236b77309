"""Surrogate gradients: Programs as functions of their variables, and all that is needed to train them.

stack = Stack(program, FastSigmoid(slope=25), train=("weights", "b"))
adam = Adam(stack.values, rate=1e-3)
for inputs, labels in batches:
    trace = stack.forward(inputs)
    loss, gradient = cross_entropy(logits(trace, "out"), labels)
    gradients = stack.backward(trace, logits_back(trace, "out", gradient))
    clip(gradients.values, 1.0)
    adam.step(gradients.values)
trained = stack.to_program()

Of a large batch `Stack.gradients` takes the loss and its gradients part by part: quicker, and in less memory.
"""

from neurobot.train.surrogate.adam import Adam as Adam
from neurobot.train.surrogate.adam import clip as clip
from neurobot.train.surrogate.losses import cross_entropy as cross_entropy
from neurobot.train.surrogate.losses import logits as logits
from neurobot.train.surrogate.losses import logits_back as logits_back
from neurobot.train.surrogate.losses import rate_penalty as rate_penalty
from neurobot.train.surrogate.losses import squared_error as squared_error
from neurobot.train.surrogate.readout import Decoded as Decoded
from neurobot.train.surrogate.readout import Readout as Readout
from neurobot.train.surrogate.stack import Stack as Stack
from neurobot.train.surrogate.surrogates import Atan as Atan
from neurobot.train.surrogate.surrogates import FastSigmoid as FastSigmoid
from neurobot.train.surrogate.surrogates import Rectangular as Rectangular
from neurobot.train.surrogate.surrogates import Schedule as Schedule
from neurobot.train.surrogate.surrogates import Sigmoid as Sigmoid
from neurobot.train.surrogate.surrogates import Surrogate as Surrogate
from neurobot.train.surrogate.surrogates import Triangular as Triangular
from neurobot.train.surrogate.trace import Gradients as Gradients
from neurobot.train.surrogate.trace import Seeds as Seeds
from neurobot.train.surrogate.trace import Trace as Trace
