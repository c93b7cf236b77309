"""Environments by id, and the modules that commands may import.

A file may name ids, but importing a module runs it, so a file alone can never cause that: an id with a module in it
needs the module's name on the command line too.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from neurobot.errors import ConfigError, EnvError, near

OURS = "neurobot.envs"


def make_env(env_id: str, allow_import: Sequence[str] = (), **options: Any) -> Any:
    """Make one environment.

    Args:
        env_id: its Gymnasium id.
        allow_import: modules that may be imported.
        options: for `gymnasium.make`.

    Raises:
        ConfigError: an id that names a module which is not allowed, or a module that cannot be imported.
        EnvError: an unknown id, or an environment that cannot be made.
    """
    import gymnasium

    name = check_id(env_id, allow_import)
    try:
        # the checker tests the environment's own code at every step's cost; what matters here, Loop checks
        return gymnasium.make(name, disable_env_checker=True, **options)
    except Exception as error:  # whatever a third party's constructor raises
        raise EnvError(f"{env_id}: the environment cannot be made ({type(error).__name__}: {error})") from error


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
        raise EnvError(f"no environment has the id {name!r}; {near(name, gymnasium.registry)}")
    return name


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
