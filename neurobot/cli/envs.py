"""`neurobot envs`: which environments can be used, and what one is like."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.console import print_json, say, seconds
from neurobot.cli.environment import OWN, check_id, make_env
from neurobot.config import EnvConfig
from neurobot.errors import ConfigError, EnvError


@dataclass(frozen=True, kw_only=True)
class Envs:
    """List the environments that can be used, or describe one and draw it.

    Args:
        name: an id, to describe it.
        json: print the list, or the description, as one JSON object.
        picture: draw no picture.
        out: file of the picture; default runs/ID.png.
        allow_import: module that may be imported because it registers environments.
    """

    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[ID]")] = None
    json: bool = False
    picture: bool = True
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Envs, args, "envs")
    if options.name is not None:
        return _describe(options, options.name)
    if options.out is not None:
        raise ConfigError(f"--out {options.out}: a list has no picture; give the ID of an environment too")
    groups = listing(options.allow_import)
    if options.json:
        print_json(groups)
    else:
        _print_groups(groups)
    return 0


def _describe(options: Envs, given: str) -> int:
    name = check_id(given, options.allow_import)
    text = description(name)
    if not options.json:
        print(text)
    path = _drawn(options, name) if options.picture else None
    if options.json:
        print_json({"id": name, "description": text, "picture": None if path is None else str(path)})
    elif path is not None:
        print(f"\npicture: {path}")
    return 0


def _drawn(options: Envs, name: str) -> Path | None:
    """The picture of an environment; None where none can be made and nobody named a file for it."""
    from neurobot.view.still import still

    path = options.out or Path("runs") / f"{name.rpartition('/')[2]}.png"
    try:
        still(lambda: make_env(EnvConfig(id=name), options.allow_import, render_mode="rgb_array"), path)
    except EnvError as error:
        if options.out is not None:
            raise
        say(f"no picture: {error}")
        return None
    return path


def listing(allow_import: Sequence[str] = ()) -> dict[str, list[str]]:
    """Ids in groups: those that can be trained on in batches, this project's, Gymnasium's and others'."""
    import gymnasium

    from neurobot.envs import vector_ids

    batched = list(vector_ids())
    check_id(batched[0], allow_import)  # imports what may be imported
    others = sorted(set(gymnasium.registry) - set(batched))
    return {
        "batched": batched,
        "neurobot": [name for name in others if name.startswith(OWN)],
        "gymnasium": [name for name in others if not name.startswith(OWN)],
    }


def description(name: str) -> str:
    """What an environment's author says about it: observations, actions, reward, end of an episode.

    Args:
        name: a registered id.
    """
    import gymnasium

    from neurobot.envs import vector_ids

    if name in vector_ids():
        return _batched(name)
    entry = gymnasium.spec(name).entry_point
    creator: Any = gymnasium.envs.registration.load_env_creator(entry) if isinstance(entry, str) else entry
    return inspect.cleandoc(creator.__doc__ or f"{name} has no description")


def _batched(name: str) -> str:
    """The docstring of the module that holds a task; a task is one file."""
    from neurobot.envs import find_task, tasks

    task = find_task(name)
    about = "".join(inspect.getdoc(module) or "" for module in tasks.MODULES if task is module.TASK)
    facts = f"control period {seconds(task.control_period)}, at most {task.max_episode_steps} ticks an episode"
    return f"{name}: {task.doc}; {facts}; can be trained on in batches\n\n{about}"


def _print_groups(groups: dict[str, list[str]]) -> None:
    from neurobot.envs import find_task

    print("batched: can be trained on")
    for name in groups["batched"]:
        task = find_task(name)
        print(f"  {name:26} {seconds(task.control_period):>8}   {task.doc}")
    for title in ("neurobot", "gymnasium"):
        if groups[title]:
            print(f"{title}: can be run")
            for name in groups[title]:
                print(f"  {name}")
