"""The state of a Gymnasium environment, wrapper by wrapper: taken out, and put back into one that was made alike.

Known are this project's own environments and wrappers, which say what changes in them (see `neurobot.loop.changes`);
Gymnasium's MuJoCo and classic control environments; and the wrappers of `WRAPPERS`. An environment or a wrapper of
somebody else has two methods: ``get_state()`` gives what changes in it, as numbers, texts, arrays, generators of NumPy,
lists and dicts; ``set_state(state)`` takes the same, after a reset with the seed of the episode. A wrapper's methods
are about itself, not about what it wraps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurobot.errors import EnvError, SuspendError, near
from neurobot.loop.changes import collect, collect_names, has_state, put_back, put_names

CHANCE = ("_np_random", "_np_random_seed")
"""Of every Gymnasium environment."""
WRAPPERS: dict[str, tuple[str, ...]] = {
    "gymnasium.wrappers.common:TimeLimit": ("_elapsed_steps",),
    "gymnasium.wrappers.common:OrderEnforcing": ("_has_reset",),
    "gymnasium.wrappers.common:PassiveEnvChecker": (),  # only looks on
    "gymnasium.wrappers.transform_observation:FlattenObservation": (),
    "gymnasium.wrappers.transform_observation:RescaleObservation": (),
    "gymnasium.wrappers.transform_observation:DtypeObservation": (),
    "gymnasium.wrappers.transform_action:ClipAction": (),
    "gymnasium.wrappers.transform_action:RescaleAction": (),
}
"""What changes in a wrapper of Gymnasium."""
CLASSIC = {
    "gymnasium.envs.classic_control.acrobot:AcrobotEnv": (*CHANCE, "state"),
    "gymnasium.envs.classic_control.cartpole:CartPoleEnv": (*CHANCE, "state", "steps_beyond_terminated"),
    "gymnasium.envs.classic_control.continuous_mountain_car:Continuous_MountainCarEnv": (*CHANCE, "state"),
    "gymnasium.envs.classic_control.mountain_car:MountainCarEnv": (*CHANCE, "state"),
    "gymnasium.envs.classic_control.pendulum:PendulumEnv": (*CHANCE, "state", "last_u"),
}
"""What changes in an environment of Gymnasium's classic control."""
MUJOCO = "gymnasium.envs.mujoco."
DERIVED = (
    "xpos", "xquat", "xmat", "xipos", "ximat", "geom_xpos", "geom_xmat", "site_xpos", "site_xmat", "subtree_com",
    "cvel", "cinert", "cfrc_ext", "cfrc_int", "cacc", "qacc", "qfrc_actuator", "qfrc_constraint", "actuator_force",
    "ten_length", "ten_velocity", "sensordata",
)  # fmt: skip
"""Fields of MjData that follow from the state, but of the last physics step: Gymnasium's environments read them before
they make the next one, to know how far a body has come."""


def why_not(env: Any) -> str:
    """Why an environment's state cannot be taken out; empty if it can."""
    for layer in _layers(env):
        if not (has_state(layer) or _is_mujoco(layer) or _names(layer) is not None):
            known = [path.rpartition(":")[2] for path in (*WRAPPERS, *CLASSIC)]
            return (
                f"{_path(layer)} has no get_state and set_state, and is none of those whose state is known; give it "
                f"both, or leave it out ({near(type(layer).__name__, known)})"
            )
    return ""


def get_state(env: Any) -> list[Any]:
    """What changes in an environment and its wrappers, from the outside in; see `neurobot.loop.changes.collect`.

    Raises:
        EnvError: a wrapper or an environment of which it is not known.
    """
    _require(env)
    try:
        return [_taken(layer) for layer in _layers(env)]
    except SuspendError as error:
        raise EnvError(str(error)) from None


def set_state(env: Any, state: list[Any]) -> None:
    """Put a state back into an environment that was made in the same way, and reset with the episode's seed.

    Raises:
        EnvError: a wrapper or an environment of which it is not known how.
        KeyError, TypeError, ValueError, AttributeError: a state of another environment.
    """
    _require(env)
    layers = _layers(env)
    if len(layers) != len(state):
        raise ValueError(f"{len(state)} wrappers and environments, here are {len(layers)}")
    for layer, part in zip(layers, state, strict=True):
        if part["class"] != _path(layer):
            raise ValueError(f"the state of {part['class']}, here is {_path(layer)}")
        _give(layer, part["state"])


def _layers(env: Any) -> list[Any]:
    """The wrappers and the environment in them."""
    from gymnasium import Wrapper

    layers = [env]
    while isinstance(layers[-1], Wrapper):
        layers.append(layers[-1].env)
    return layers


def _require(env: Any) -> None:
    reason = why_not(env)
    if reason:
        raise EnvError(reason)


def _path(layer: Any) -> str:
    return f"{type(layer).__module__}:{type(layer).__qualname__}"


def _names(layer: Any) -> tuple[str, ...] | None:
    """Attributes that change; None where that is not known."""
    names: tuple[str, ...] | None = getattr(type(layer), "CHANGES", None)
    path = _path(layer)
    return WRAPPERS.get(path, CLASSIC.get(path)) if names is None else names


def _is_mujoco(layer: Any) -> bool:
    """Whether it is Gymnasium's own; a subclass by somebody else may remember more."""
    return type(layer).__module__.startswith(MUJOCO) and hasattr(layer, "data")


def _taken(layer: Any) -> dict[str, Any]:
    path = _path(layer)
    if has_state(layer):
        state = collect(layer, path)
    elif _is_mujoco(layer):
        state = collect_names(layer, CHANCE, path) | _physics(layer)
    else:
        state = collect_names(layer, _names(layer) or (), path)
    return {"class": path, "state": state}


def _give(layer: Any, state: dict[str, Any]) -> None:
    if has_state(layer):
        put_back(layer, state)
    elif _is_mujoco(layer):
        _set_physics(layer, state)
        put_names(layer, CHANCE, {name: state[name] for name in CHANCE})
    else:
        put_names(layer, _names(layer) or (), state)


def _physics(env: Any) -> dict[str, Any]:
    """State and what follows from it, of an environment with an MjModel and an MjData."""
    import mujoco

    model, data, kind = env.model, env.data, int(mujoco.mjtState.mjSTATE_INTEGRATION)
    row = np.empty(mujoco.mj_stateSize(model, kind))
    mujoco.mj_getState(model, data, row, kind)
    return {"row": row, "derived": {name: getattr(data, name).copy() for name in DERIVED}}


def _set_physics(env: Any, state: dict[str, Any]) -> None:
    import mujoco

    kind, row, derived = int(mujoco.mjtState.mjSTATE_INTEGRATION), state["row"], state["derived"]
    shapes = {name: getattr(env.data, name).shape for name in DERIVED}
    if row.shape != (mujoco.mj_stateSize(env.model, kind),) or {n: a.shape for n, a in derived.items()} != shapes:
        raise ValueError("the state of another MuJoCo model")
    mujoco.mj_setState(env.model, env.data, row, kind)
    for name, values in derived.items():
        getattr(env.data, name)[...] = values
