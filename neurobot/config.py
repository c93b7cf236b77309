"""Launch files: one TOML says a whole experiment, strictly typed.

An `Experiment` is plain data. Where it comes from (a TOML file, a bundled one by its name, the `config.json` of a
run folder) and what the command line changes in it makes no difference afterwards: it is written back as JSON,
which has a null for settings that are not given, where TOML has none. Nothing a file names is imported or run.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import cattrs

from neurobot.errors import ConfigError, EnvError, SpecError, near
from neurobot.spec import ControllerSpec, Decoder, Encoder, GuardSpec, NetworkSpec, resolve
from neurobot.spec.check import Problems
from neurobot.spec.serialize import Invalid, converter, from_data, to_data
from neurobot.train.methods import METHODS, Training
from neurobot.train.runs.log import Log

RESOLVED = "config.json"
"""The resolved experiment in a run folder."""
PUBLISHED = "published.toml"
"""The one TOML file beside the bundled launch files that is none: see `neurobot.zoo`."""
TRAINED = ("env", "encode", "network", "decode", "substeps", "carry", "train")
"""Fields of an experiment that decide, with the seed, what a training makes."""
MAX_FILE = 16 << 20
MAX_SEED = (1 << 63) - 1


CoreName: TypeAlias = Literal["host", "host64", "fixed"]
"""What computes: float32, float64, or integers as a board."""
Tables: TypeAlias = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvConfig:
    """The environment.

    Args:
        id: a Gymnasium id, e.g. HalfCheetah-v5; `neurobot envs` lists those that can be used.
        settings: the environment's own, by name.
        randomize: what differs from episode to episode, a range each: mass = [0.8, 1.2]; see neurobot.envs.Randomize.
        perturb: what goes wrong in an episode, a table each: kind = "dead", at = 5.0; see neurobot.envs.Perturbation.
    """

    id: str
    settings: dict[str, Any] = field(default_factory=dict)
    randomize: dict[str, Any] = field(default_factory=dict)
    perturb: Tables = ()

    def __post_init__(self) -> None:
        problems = Problems("environment")
        for name, value in self.settings.items():
            if name in _NOT_SETTINGS:
                problems.add(f"settings.{name} is none of the environment's settings; leave it out")
            elif not all(isinstance(v, bool | int | float | str) for v in _flat(value)):
                problems.add(
                    f"settings.{name} is {value!r}, it must be a number, a text, true or false, a list or table"
                )
        if self.randomize or self.perturb != ():  # to import gymnasium takes a while
            problems.found += self._varied_problems()
        problems.done()

    def options(self) -> dict[str, Any]:
        """Keyword arguments for `neurobot.envs.make` and `make_vec`, without those that say nothing."""
        options = dict(self.settings)
        if self.randomize or self.perturb:
            from neurobot.envs import Perturbation, Randomize

            if self.randomize:
                options["randomize"] = Randomize.from_data(self.randomize)
            if self.perturb:
                options["perturb"] = tuple(map(Perturbation.from_data, self.perturb))
        return options

    def _varied_problems(self) -> Iterator[str]:
        from neurobot.envs import Perturbation, Randomize

        for name, value in self.randomize.items():
            try:
                Randomize.from_data({name: value})
            except EnvError as error:
                yield str(error)
        if not isinstance(self.perturb, tuple) or not all(isinstance(table, dict) for table in self.perturb):
            yield f"perturb is {self.perturb!r}, it must be a list of tables; begin each with [[env.perturb]]"
            return
        for j, table in enumerate(self.perturb):
            try:
                Perturbation.from_data(table)
            except EnvError as error:
                yield f"perturb[{j}]: {error}"


_NOT_SETTINGS = (
    "autoreset_mode", "disable_env_checker", "env_id", "id", "num_envs", "perturb", "randomize", "render_mode",
    "threads",
)  # fmt: skip
"""Other arguments of the functions that settings are passed to."""


def _flat(value: Any) -> list[Any]:
    """All values in lists and tables."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else None
    return [value] if inner is None else [leaf for each in inner for leaf in _flat(each)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What `neurobot run` and `neurobot train` need to know.

    Args:
        env: the environment.
        encode: how an observation becomes spikes.
        network: the network.
        decode: how spikes or membranes become an action.
        substeps: network steps in a control tick; control period = substeps x dt.
        carry: how much of the network's state survives from one tick to the next, in [0, 1].
        program: trained program; in a launch file a path beside that file. Without one the network runs untrained.
        seed: of drawn weights, of chance and of the first episode; episode k has seed + k.
        episodes: how many episodes `run` and `eval` run.
        core: what computes: host (float32), host64 (float64), or fixed (integers, as a board).
        learn: whether rules of projections change weights while `run` runs.
        freeze_at: when they stop to, in time of the whole run [s]; default never.
        guard: what `run` tolerates, and for how long, before it holds an action or goes to rest.
        train: how to train.
        log: what a training writes beside its programs.
        name: name of the experiment, for folders; default that of the launch file.
    """

    env: EnvConfig
    encode: Encoder
    network: NetworkSpec
    decode: Decoder
    substeps: int
    carry: float = 1.0
    program: str | None = None
    seed: int = 0
    episodes: int = 1
    core: CoreName = "host"
    learn: bool = False
    freeze_at: float | None = None
    guard: GuardSpec = field(default_factory=GuardSpec)
    train: Training | None = None
    log: Log = field(default_factory=Log)
    name: str = ""

    def __post_init__(self) -> None:
        problems = Problems("experiment")
        problems.count("seed", self.seed, low=0)
        if not problems.found and self.seed > MAX_SEED:
            problems.add(f"seed is {self.seed}, it must be at most {MAX_SEED}")
        problems.count("episodes", self.episodes)
        problems.choice("core", self.core, get_args(CoreName))
        if self.freeze_at is not None:
            problems.number("freeze_at", self.freeze_at, above=0.0)
            if not self.learn:
                problems.add(f"freeze_at is {self.freeze_at}, and learn is off; switch it on, or leave freeze_at out")
        if Path(self.name).name != self.name:
            problems.add(f"name is {self.name!r}, it must be a folder's name, without any '/'")
        try:
            _ = self.controller  # whether the parts fit each other
        except SpecError as error:
            problems.found.extend(error.problems)
        problems.done()

    @property
    def controller(self) -> ControllerSpec:
        """Encoder, network and decoder; sizes and ranges may still be open."""
        return ControllerSpec(
            encoder=self.encode, network=self.network, decoder=self.decode, substeps=self.substeps, carry=self.carry
        )

    def controller_spec(self, observation_space: Any, action_space: Any) -> ControllerSpec:
        """Encoder, network and decoder with the sizes, ranges and limits of an environment's spaces.

        Raises:
            SpecError: the spaces do not fit.
        """
        return resolve(self.controller, observation_space, action_space)


def load_experiment(launch: str | Path) -> Experiment:
    """Read an experiment; its `program` comes back as a path that can be opened from here.

    Args:
        launch: a TOML file, a run folder, or the name of a bundled launch file.

    Raises:
        ConfigError: there is none; it cannot be read; it has unknown keys or values that cannot be used.
    """
    path = find_launch(str(launch))
    data = _parse(path, json.loads if path.suffix == ".json" else tomllib.loads)
    try:
        experiment = from_data(data, Experiment)
    except Invalid as error:
        raise ConfigError(_listed(path, error.problems)) from None
    program = experiment.program
    return replace(
        experiment,
        program=None if program is None else str(path.parent / program),
        name=experiment.name or path.stem,
    )


def find_launch(launch: str) -> Path:
    """The file behind a LAUNCH argument: a path if it exists, else a bundled launch file.

    Raises:
        ConfigError: neither; the message lists near matches.
    """
    path = Path(launch)
    if path.is_dir():
        if (path / RESOLVED).is_file():
            return path / RESOLVED
        raise ConfigError(f"{launch}: a folder without {RESOLVED}; give a run folder, a launch file or a bundled name")
    if path.exists():
        if path.suffix == ".toml":
            return path
        program = f", or NAME --program {launch}" if path.suffix == ".safetensors" else ""
        raise ConfigError(f"{launch}: not a launch file; give a .toml file, a run folder or a bundled name{program}")
    bundled = bundled_launches()
    name = launch.removesuffix(".toml")
    if name in bundled:
        return bundled[name]
    known = near(path.stem, bundled, cutoff=0.5 if path.name == launch else 0.8)  # a path means a file, not a name
    raise ConfigError(f"{launch}: no such file, and no bundled launch file of this name; {known}")


def bundled_launches() -> dict[str, Path]:
    """The launch files that came with the package, by name."""
    folder = launch_folder()
    found = [] if folder is None else sorted(folder.glob("*.toml"))
    return {path.stem: path for path in found if path.name != PUBLISHED}


def launch_folder() -> Path | None:
    """The folder of the bundled launch files; None where they did not come along."""
    try:
        return Path(str(resources.files("neurobot.launch")))
    except ModuleNotFoundError:
        return None


def to_json(experiment: Experiment) -> str:
    """An experiment as text that `load_experiment` reads from a run folder."""
    _register()
    return json.dumps(to_data(experiment), indent=2) + "\n"


def changed(before: Experiment, after: Experiment, *names: str) -> dict[str, Any]:
    """What differs between two experiments, below some fields: new values by key path, ``encode.field.per_dim``."""
    _register()
    old, new = to_data(before), to_data(after)
    return {path: value for name in names for path, value in _differences(name, old[name], new[name])}


def controller_changes(before: ControllerSpec, after: ControllerSpec) -> list[str]:
    """Key paths, as launch files have them, of what differs between two controllers: ``encode.field.per_dim``."""
    _register()
    keys = {"encoder": "encode", "decoder": "decode"}
    old, new = ({keys.get(name, name): part for name, part in to_data(spec).items()} for spec in (before, after))
    return [path for name in old for path, _ in _differences(name, old[name], new[name])]


def _differences(path: str, a: Any, b: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from _differences(f"{path}.{key}", a[key], b[key])
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        for j, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from _differences(f"{path}.{j}", x, y)
    elif a != b:
        yield path, b


def _parse(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    """The file as plain data, after its size was bounded."""
    _register()
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(f"{path}: larger than {MAX_FILE} bytes; large arrays belong in a program file")
        data = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError) as error:  # both decoders' errors and UnicodeDecodeError are ValueErrors
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path}: not valid {path.suffix[1:].upper()}: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: it must be a table, not {type(data).__name__}")
    return data


def _listed(path: Path, problems: list[str]) -> str:
    if len(problems) == 1:
        return f"{path}: {problems[0]}"
    return f"{path}: {len(problems)} problems" + "".join(f"\n  - {problem}" for problem in problems)


@cache
def _register() -> None:
    """Teach the converter the words of ``[train] method``, once."""
    c = converter()
    c.register_structure_hook_func(lambda t: t == Tables, lambda x, _: tuple(x) if isinstance(x, list) else x)
    c.register_structure_hook_func(lambda t: t == Training | None, _structure_train)
    for name, cls in METHODS.items():
        c.register_unstructure_hook(cls, _unstructure_train(c, name, cls))


def _structure_train(data: Any, _: Any) -> Training | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise ValueError(f"is {data!r}, it must be a table with a method: {', '.join(METHODS)}")
    method = data.get("method")
    if method not in METHODS:
        given = "has no method" if method is None else f"has the unknown method {method!r}"
        raise ValueError(f"{given}; {near(str(method), METHODS)}")
    return converter().structure({k: v for k, v in data.items() if k != "method"}, METHODS[method])


def _unstructure_train(c: cattrs.Converter, name: str, cls: type[Training]) -> Callable[[Training], dict[str, Any]]:
    def unstructure(settings: Training) -> dict[str, Any]:
        return {"method": name} | {f.name: c.unstructure(getattr(settings, f.name)) for f in dataclasses.fields(cls)}

    return unstructure
