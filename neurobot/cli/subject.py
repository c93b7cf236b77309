"""What a command is given to run: a program, or a launch file with its program, and the environment that it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobot.cli.console import say
from neurobot.cli.environment import made_for, make_env, same_id
from neurobot.config import EnvConfig, Experiment, load_experiment
from neurobot.errors import ConfigError

if TYPE_CHECKING:
    from neurobot.program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the command line names.

    Attributes:
        name: its words for it.
        experiment: of a launch file; None of a program alone.
        program: the trained one; None of a launch file without.
        env: that of the launch file, or the one that the program says it was made for; None where it does not say.
    """

    name: str
    experiment: Experiment | None
    program: Program | None
    env: EnvConfig | None

    def in_env(self, env_id: str | None) -> EnvConfig:
        """Its environment, or another: settings are those of a task, what differs and what goes wrong are not.

        Raises:
            ConfigError: neither is known.
        """
        if env_id is not None:
            env = self.env or EnvConfig(id=env_id)
            return replace(env, id=env_id, settings=env.settings if same_id(env_id, env.id) else {})
        if self.env is None:
            raise ConfigError(f"{self.name}: the program does not say which environment it was made for; give --env ID")
        return self.env

    @contextmanager
    def opened(self, config: EnvConfig, allow_import: Sequence[str]) -> Iterator[tuple[Program, Any]]:
        """Its program, trained or not, and an environment, which is closed at the end; errors as `make_env`."""
        from neurobot.loop.env_robot import as_robot

        program, env = self.program, make_env(config, allow_import)
        try:
            if program is None:
                assert self.experiment is not None
                program = say_untrained(self.experiment, as_robot(env))
            yield program, env
        finally:
            env.close()


def load_subject(name: str) -> Subject:
    """What a command line names: a program (.safetensors), a launch file, a run folder or a bundled name.

    Raises:
        ConfigError: a launch file that cannot be used.
        ProgramFileError: a program that cannot be used.
    """
    if Path(name).suffix == ".safetensors":
        program = load_program(name)
        return Subject(name=name, experiment=None, program=program, env=made_for(program))
    experiment = load_experiment(name)
    trained = None if experiment.program is None else load_program(experiment.program)
    return Subject(name=name, experiment=experiment, program=trained, env=experiment.env)


def load_program(path: str) -> Program:
    """Read a program; ProgramFileError if it cannot be used."""
    from neurobot.program import Program

    return Program.load(path)


def say_untrained(experiment: Experiment, spaces: Any) -> Program:
    """As `untrained`, and say that it is one."""
    say("no trained program: the network runs untrained, with weights drawn from its seed")
    return untrained(experiment, spaces)


def untrained(experiment: Experiment, spaces: Any) -> Program:
    """The program that an experiment describes, for something with an observation and an action space."""
    from neurobot.program import build

    spec = experiment.controller_spec(spaces.observation_space, spaces.action_space)
    env = experiment.env
    provenance = {"env": env.id, "env_settings": env.settings, "method": "untrained"}
    return build(spec, seed=experiment.seed, provenance=provenance)
