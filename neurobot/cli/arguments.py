"""Command lines to options, by tyro; those that change an experiment have its values as their defaults."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Generic, Protocol, TypeVar

import tyro

from neurobot.cli.environment import OURS, OWN, import_modules
from neurobot.cli.switches import SWITCHES
from neurobot.config import EnvConfig, Experiment, find_launch, load_experiment
from neurobot.errors import ConfigError, EnvError

Perturb = Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="WORDS")]
"""Type of the option --perturb."""
HELP_FLAGS = ("-h", "--help")
SETTABLE = ("Ant-v5",)
"""Gymnasium's tasks that have settings."""
STYLE = (tyro.conf.FlagCreatePairsOff,)
"""A switch has one name, the one that changes it: ``--json``, ``--no-record``."""


class HasLaunch(Protocol):
    """Options of a command that runs a LAUNCH argument."""

    @property
    def launch(self) -> str:
        """A launch file, a run folder or a bundled name."""

    @property
    def perturb(self) -> tuple[str, ...]:
        """What goes wrong beside what the file says."""

    @property
    def allow_import(self) -> tuple[str, ...]:
        """Modules to import ahead of everything else."""


T = TypeVar("T")
Options = TypeVar("Options", bound=HasLaunch)


@dataclass(frozen=True, kw_only=True)
class WithSettings(Generic[Options]):
    """The options of a command and the settings of its experiment, in one command line.

    Args:
        options: of the command.
        settings: the experiment, with what the command line changes.
    """

    options: Annotated[Options, tyro.conf.arg(name="")]
    settings: Annotated[tyro.conf.AvoidSubcommands[Experiment], tyro.conf.arg(name="")]


def parse(cls: type[T], args: Sequence[str], command: str) -> T:
    """Options of a command; prints help or what is wrong, and raises SystemExit."""
    return tyro.cli(cls, args=list(args), prog=f"neurobot {command}", config=STYLE, registry=SWITCHES)


def parse_with_settings(
    cls: type[Options], args: Sequence[str], command: str
) -> tuple[Options, Experiment, Experiment]:
    """Options of a command and its experiment.

    Args:
        cls: of the options.
        args: the command line.
        command: its name.

    Returns:
        The options, the experiment as the file says, and with what the command line changes.

    Raises:
        ConfigError: the experiment cannot be loaded, or a module not imported.
        SpecError: a change that makes no sense.
        SystemExit: after help, or a wrong command line.
    """
    args = _launch_first(args)
    plain = [arg for arg in args if arg not in HELP_FLAGS]
    prog = f"neurobot {command}"
    if not plain:
        parse(cls, args, command)
    first: Any = tyro.cli(cls, args=plain, prog=prog, return_unknown_args=True, config=STYLE, registry=SWITCHES)
    import_modules(first[0].allow_import)  # neurons that the launch file names
    read = load_experiment(first[0].launch)
    loaded = replace(read, env=spelled_out(read.env))
    as_it_is = "--learn" if loaded.learn else "--no-learn"  # which has no such option, see STYLE, and does no harm
    args = [arg for arg in args if arg != as_it_is]
    make: Any = cls
    default = WithSettings(options=make(launch=first[0].launch), settings=loaded)
    about = inspect.getdoc(cls)
    both: Any = tyro.cli(
        WithSettings[cls],  # type: ignore[valid-type]
        args=args, prog=prog, default=default, config=STYLE, registry=SWITCHES,
        description=about and about.split("\n\n")[0],
    )  # fmt: skip
    env = _without_defaults_of_another_task(both.settings.env, loaded.env, read.env)
    return both.options, loaded, replace(both.settings, env=perturbed(env, both.options.perturb))


def spelled_out(env: EnvConfig) -> EnvConfig:
    """An environment with every setting that its task has, so that each can be changed on the command line.

    Raises:
        EnvError: a setting that the task does not have, or a value that it does not take.
    """
    name = env.id.removeprefix(f"{OURS}:")
    if not name.startswith(OWN) and name not in SETTABLE:  # the import takes a while
        return env
    from neurobot.envs import find_task

    settings = find_task(name, env.settings).settings
    return env if settings is None else replace(env, settings=asdict(settings))


def _without_defaults_of_another_task(env: EnvConfig, spelled: EnvConfig, read: EnvConfig) -> EnvConfig:
    """An environment of another id than the file's, without settings that only `spelled_out` has given it."""
    if env.id == spelled.id:
        return env
    said = {n: v for n, v in env.settings.items() if n in read.settings or v != spelled.settings.get(n)}
    return replace(env, settings=said)


def perturbed(env: EnvConfig, texts: Sequence[str]) -> EnvConfig:
    """An environment with what the command line adds to its perturbations.

    Args:
        env: as the file says.
        texts: a kind and ``key=value`` words each: ``dead at=5 index=0,2``.

    Raises:
        ConfigError: a text that describes no perturbation.
    """
    if not texts:
        return env
    from neurobot.envs import Perturbation

    tables = [_table(text) for text in texts]
    for text, table in zip(texts, tables, strict=True):
        try:
            Perturbation.from_data(table)
        except EnvError as error:
            raise ConfigError(f'--perturb "{text}": {error}') from None
    return replace(env, perturb=(*env.perturb, *tables))


def _table(text: str) -> dict[str, Any]:
    """The table of a file that says the same as a text."""
    kind, *words = text.split() or [""]
    table: dict[str, Any] = {"kind": kind}
    for word in words:
        key, _, value = word.partition("=")
        if not value or key in table:
            what = "comes a second time" if key in table else "is no key=value"
            raise ConfigError(f'--perturb "{text}": {word!r} {what}; write it as in "dead at=5 index=0,2 until=8"')
        values = [_scalar(part) for part in value.split(",")]
        table[key] = values if len(values) > 1 else values[0]
    return table


def _scalar(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _launch_first(args: Sequence[str]) -> list[str]:
    """LAUNCH ahead of the options, which it decides on: the last argument that is one and is no option's value."""
    if not args or not args[0].startswith("-"):
        return list(args)
    found = [k for k, arg in enumerate(args) if not arg.startswith("-") and _is_launch(arg)]
    free = [k for k in found if not args[k - 1].startswith("--") or "=" in args[k - 1]]
    for k in (free or found)[-1:]:
        return [args[k], *args[:k], *args[k + 1 :]]
    return list(args)


def _is_launch(word: str) -> bool:
    try:
        find_launch(word)
    except ConfigError:
        return False
    return True
