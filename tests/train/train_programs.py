"""Controllers to train."""

from __future__ import annotations

import gymnasium

from neurobot.program import Program, build
from neurobot.spec import (
    LIF,
    AllToAll,
    ControllerSpec,
    Direct,
    Encoder,
    FanIn,
    Input,
    NetworkSpec,
    Normalizer,
    Poisson,
    Population,
    Projection,
    Regular,
    WinnerTakeAll,
    resolve,
)


def cartpole_program(seed: int = 0, dt: float = 0.004, code: Regular | Poisson | None = None) -> Program:
    """An untrained controller for CartPole-v1."""
    env = gymnasium.make("CartPole-v1")
    lif = LIF(tau_mem=0.014, v_threshold=0.5, input="jump")
    weights = AllToAll(weight=FanIn(gain=1.0))
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=Direct(range=Normalizer(clip=2.0)), code=code or Regular()),
        network=NetworkSpec(
            dt,
            (Population("in", 0, Input()), Population("hidden", 8, lif), Population("out", 4, lif)),
            (Projection("in", "hidden", weights), Projection("hidden", "out", weights)),
        ),
        decoder=WinnerTakeAll(population="out"),
        substeps=5,
    )
    return build(resolve(spec, env.observation_space, env.action_space), seed)
