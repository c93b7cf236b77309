"""What an expert is: it begins with a batch of environments, and then says what it would do, tick by tick."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias, final

import numpy as np

from neurobot.core import BatchCore
from neurobot.errors import TrainingError
from neurobot.loop.fit import check_period
from neurobot.program import Program
from neurobot.train.environments import as_actions

Policy: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""Observations (n, n_obs) of everybody to actions (n, n_act), or (n,) numbers of choices; called once a tick."""


class Expert(ABC):
    """Somebody to learn from.

    Attributes:
        rounds: how many times `learn` has to be called first; 0 for one who knows already.
    """

    rounds: ClassVar[int] = 0

    @abstractmethod
    def begin(self, env: Any) -> Policy:
        """The policy for a batch of environments whose episodes have just begun.

        It sees the observations of the one who drives, whoever that is. One who is allowed to may look into `env`.

        Args:
            env: a vector environment of `neurobot.envs`, which has been reset.
        """

    def learn(self, round_: int) -> dict[str, float]:
        """A round of what it has to learn itself; numbers as in a `Report`, with ``steps`` it took."""
        raise AssertionError("nothing to learn")

    def arrays(self) -> dict[str, np.ndarray]:
        """What it has learned, for a checkpoint."""
        return {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:  # noqa: B027 (most have learned nothing)
        """Go back to what `arrays` gave."""


@final
class Scripted(Expert):
    """A controller that somebody wrote.

    Args:
        make: environments -> policy; called when episodes begin.
    """

    def __init__(self, make: Callable[[Any], Policy]) -> None:
        self._make = make

    def begin(self, env: Any) -> Policy:
        """The controller, as it is at the start."""
        return self._make(env)


@final
class Predicting(Expert):
    """Anything with `predict(observations)`, that gives actions or a tuple that begins with them, as SB3's models do.

    Args:
        model: the object.
    """

    def __init__(self, model: Any) -> None:
        if not callable(getattr(model, "predict", None)):
            raise TrainingError(f"the expert is {model!r}; it must have a method predict(observations)")
        self._model = model

    def begin(self, env: Any) -> Policy:
        """`predict`, which keeps no state of its own between two ticks."""

        def act(observations: np.ndarray) -> np.ndarray:
            given = self._model.predict(observations)
            return np.asarray(given[0] if isinstance(given, tuple) else given)

        return act


@final
class Spiking(Expert):
    """Another program.

    Args:
        program: of a controller.
    """

    def __init__(self, program: Program) -> None:
        self._program = program

    def begin(self, env: Any) -> Policy:
        """The program at the start of an episode; raises EnvError where its control period is another one."""
        check_period(self._program, env.control_period)
        core = BatchCore(self._program, env.num_envs)

        def act(observations: np.ndarray) -> np.ndarray:
            return as_actions(self._program, core.tick(observations).copy())

        return act
