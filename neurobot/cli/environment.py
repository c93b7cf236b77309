"""Environments by id, and the modules that commands may import.

A file may name ids, but importing a module runs it, so a file alone can never cause that: an id with a module in it
needs the module's name on the command line too.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neurobot.config import EnvConfig
from neurobot.errors import ConfigError, EnvError, near

if TYPE_CHECKING:
    from neurobot.program import Program

OURS = "neurobot.envs"
OWN = "neurobot/"
"""How the ids of this project's own tasks begin."""


def make_env(env: EnvConfig, allow_import: Sequence[str] = (), *, render_mode: str | None = None) -> Any:
    """Make one environment: this project's where it has the task, which equals gymnasium's, else gymnasium's.

    Args:
        env: its id, its settings, and what is randomised and perturbed.
        allow_import: modules that may be imported.
        render_mode: "rgb_array" for pictures.

    Raises:
        ConfigError: an id that names a module which is not allowed, or a module that cannot be imported.
        EnvError: an unknown id, an environment that cannot be made, or something to randomise or to perturb that it
            does not have.
    """
    name = check_id(env.id, allow_import)
    from neurobot.envs import make, vector_ids

    if name not in vector_ids():
        return _make_foreign(name, env, render_mode)
    options = env.options()
    ours = make(name, **options)
    if render_mode is None:
        return ours
    ours.close()
    if ours.simulation.pictures is not None:
        return make(name, render_mode=render_mode, **options)
    if env.randomize:
        raise EnvError(
            f"{name}: its pictures are made by gymnasium's own environment, which cannot be randomised; leave out the"
            " video or env.randomize"
        )
    return _make_foreign(name, env, render_mode)


def _make_foreign(name: str, env: EnvConfig, render_mode: str | None) -> Any:
    """Make what gymnasium has under a name, which others have registered too."""
    import gymnasium

    from neurobot.envs import PerturbedEnv, vector_ids
    from neurobot.loop.fit import env_period

    if env.randomize:
        raise EnvError(f"{name} cannot be randomised; these can: {', '.join(vector_ids())}. Leave env.randomize out")
    mode = {} if render_mode is None else {"render_mode": render_mode}
    try:
        # the checker tests the environment's own code at every step's cost; what matters here, Loop checks
        made = gymnasium.make(name, disable_env_checker=True, **mode, **env.settings)
    except Exception as error:  # whatever a third party's constructor raises
        raise EnvError(f"{name}: the environment cannot be made ({type(error).__name__}: {error})") from error
    perturb = env.options().get("perturb")
    try:
        return PerturbedEnv(made, perturb, env_period(made)) if perturb else made
    except EnvError:
        made.close()
        raise


def check_id(env_id: str, allow_import: Sequence[str] = ()) -> str:
    """Import what may be imported, and return the id that Gymnasium knows; errors as `make_env`."""
    import gymnasium

    module, _, name = env_id.rpartition(":")
    if module and module != OURS and module not in allow_import:
        raise ConfigError(
            f"env.id is {env_id!r}, which names the module {module!r}; importing a module runs it, so a file alone "
            f"cannot cause it: add --allow-import {module} if you trust it"
        )
    import_modules((*allow_import, OURS))
    if name not in gymnasium.registry:
        raise EnvError(
            f"no environment has the id {name!r}; {near(name, gymnasium.registry)}; `neurobot envs` lists all"
        )
    return name


def made_for(program: Program) -> EnvConfig | None:
    """The environment that a program says it was made for, or None."""
    env_id, settings = program.provenance.get("env"), program.provenance.get("env_settings")
    if not isinstance(env_id, str):
        return None
    return EnvConfig(id=env_id, settings=settings if isinstance(settings, dict) else {})


def same_id(a: str, b: str) -> bool:
    """Whether two ids name the same environment, each with or without the module that registers it."""
    return a.rpartition(":")[2] == b.rpartition(":")[2]


def import_modules(modules: Sequence[str]) -> None:
    """Import what the command line names: it may register environments and neurons.

    Raises:
        ConfigError: a module that cannot be imported.
    """
    for module in modules:
        _import(module)


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(f"--allow-import {module}: it cannot be imported ({error}); is it on PYTHONPATH?") from None
    except Exception as error:
        raise ConfigError(f"--allow-import {module}: its import failed ({type(error).__name__}: {error})") from error
