"""Small controllers for tests of `Controller`."""

from neurobot.spec import (
    LI,
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Current,
    Direct,
    Encoder,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normal,
    OneToOne,
    Poisson,
    Population,
    Projection,
    Rate,
)

SIZE = 3


def spec(limits=None, code=None, decoder=None):
    """Three numbers in, a hidden layer, two actions."""
    limits = limits or Limits(low=-1.0, high=1.0)
    fast, weights = LIF(tau_mem=5e-3, input="jump"), AllToAll(weight=Normal(mean=0.3, std=0.5))
    network = NetworkSpec(
        1e-3,
        (Population("in", 2 * SIZE, Input()), Population("h", 9, fast), Population("out", 12, fast)),
        (Projection("in", "h", weights), Projection("h", "h", weights, 1e-3), Projection("h", "out", weights)),
    )
    return ControllerSpec(
        encoder=Encoder(population="in", field=Direct(range=Bounds(low=-1, high=1)), code=code or Poisson(), size=SIZE),
        network=network,
        decoder=decoder or Rate(population="out", size=2, limits=limits),
        substeps=10,
    )


def through(weight=1.0, limits=None, gain=1.0):
    """One number in, the same number out."""
    network = NetworkSpec(
        1e-3,
        (Population("in", 1, Input()), Population("out", 1, LI(tau_mem=1e-6))),
        (Projection("in", "out", OneToOne(weight=weight)),),
    )
    field = Direct(range=Bounds(low=-1, high=1), push_pull=False)
    return ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Current(), size=1),
        network=network,
        decoder=Membrane(population="out", size=1, gain=gain, limits=limits or Limits(low=-1.0, high=1.0)),
        substeps=1,
    )
