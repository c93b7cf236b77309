"""Launch files become experiments, or one error that names every problem."""

import json

import pytest
from gymnasium.spaces import Box, Discrete

import neurobot.config
from neurobot.config import Experiment, bundled_launches, changed, find_launch, load_experiment, to_json
from neurobot.envs import Perturbation, Randomize
from neurobot.errors import ConfigError, SpecError
from neurobot.spec import (
    AllToAll,
    Bounds,
    Burst,
    Encoder,
    FanIn,
    FilteredRate,
    Gaussian,
    Input,
    Latency,
    Limits,
    Membrane,
    OneHot,
    Phase,
    PopulationVector,
)
from neurobot.train.evolution.settings import Evolve

LAUNCH = """
seed = 7
substeps = 4
episodes = 3

[env]
id = "Pendulum-v1"

[encode]
field = {type = "Gaussian", per_dim = 5, range = {type = "Bounds", low = -1.0, high = [1.0, 2.0, 8.0]}}

[network]
dt = 0.0125

[[network.populations]]
name = "input"
n = 0
model = {type = "Input"}

[[network.populations]]
name = "output"
n = 0
model = {type = "LI", tau_mem = 0.02}

[[network.projections]]
pre = "input"
post = "output"
weights = {type = "AllToAll", weight = {type = "FanIn", gain = 2.0}}

[decode]
type = "Membrane"
limits = {slew = 10.0}

[train]
method = "evolve"
pairs = 8
generations = 5
"""


@pytest.fixture
def launch(tmp_path):
    def write(text=LAUNCH, name="swing.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def refused(path, *parts):
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    for part in (path.name, *parts):
        assert part in str(caught.value)
    return str(caught.value)


def test_a_launch_file_becomes_an_experiment(launch):
    e = load_experiment(launch())
    assert (e.env.id, e.seed, e.substeps, e.episodes, e.carry, e.core) == ("Pendulum-v1", 7, 4, 3, 1.0, "host")
    assert e.encode == Encoder(field=Gaussian(per_dim=5, range=Bounds(low=-1.0, high=(1.0, 2.0, 8.0))))
    assert e.network.populations[0].model == Input()
    assert e.network.projections[0].weights == AllToAll(weight=FanIn(gain=2.0))
    assert e.decode == Membrane(limits=Limits(slew=10.0))
    assert e.train == Evolve(pairs=8, generations=5)


CODES = {
    '{type = "Latency", threshold = 0.1, curve = "logarithmic"}': Latency(threshold=0.1, curve="logarithmic"),
    '{type = "Phase", bits = 4}': Phase(bits=4),
    '{type = "Burst", max_spikes = 3, t_max = 0.025}': Burst(max_spikes=3, t_max=0.025),
}
DECODERS = {
    'type = "FilteredRate"\ntau = 0.1': FilteredRate(tau=0.1, limits=Limits(slew=10.0)),
    'type = "PopulationVector"\npreferred = [-1, 0.5]': PopulationVector(
        preferred=(-1.0, 0.5), limits=Limits(slew=10.0)
    ),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("decoder", DECODERS)
def test_codes_and_decoders_are_named_by_their_type(launch, code, decoder):
    text = LAUNCH.replace("[encode]", f"[encode]\ncode = {code}").replace("Gaussian", "OneHot")
    text = text.replace('type = "Membrane"', decoder).replace('{type = "LI", tau_mem', '{type = "LIF", tau_mem')
    e = load_experiment(launch(text))
    assert (e.encode.code, e.decode) == (CODES[code], DECODERS[decoder])
    assert e.encode.field == OneHot(per_dim=5, range=Bounds(low=-1.0, high=(1.0, 2.0, 8.0)))


def test_the_name_is_that_of_the_file_unless_it_gives_one(launch):
    assert load_experiment(launch()).name == "swing"
    assert load_experiment(launch('name = "other"\n' + LAUNCH)).name == "other"


def test_a_program_is_looked_for_beside_the_launch_file(launch, tmp_path):
    e = load_experiment(launch('program = "swing.safetensors"\n' + LAUNCH))
    assert e.program == str(tmp_path / "swing.safetensors")


def test_the_environment_fills_in_sizes_ranges_and_limits(launch):
    spec = load_experiment(launch()).controller_spec(Box(-8, 8, (3,)), Box(-2, 2, (1,)))
    assert [p.n for p in spec.network.populations] == [15, 1]
    assert spec.decoder.limits.high == (2.0,)
    assert spec.control_period == pytest.approx(0.05)


def test_spaces_that_do_not_fit_are_refused(launch):
    with pytest.raises(SpecError, match=r"Membrane|flat Box"):
        load_experiment(launch()).controller_spec(Box(-8, 8, (3,)), Discrete(2))


def test_an_experiment_round_trips_through_a_run_folder(launch, tmp_path):
    e = load_experiment(launch())
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text(to_json(e))
    assert load_experiment(folder) == e


def test_an_experiment_without_training_round_trips(launch, tmp_path):
    e = load_experiment(launch(LAUNCH.split("[train]")[0]))
    assert e.train is None
    (tmp_path / "config.json").write_text(to_json(e))
    assert load_experiment(tmp_path) == e


def test_all_problems_are_told_at_once_with_their_places(launch):
    text = (
        LAUNCH.replace("per_dim", "per_dm").replace("pairs = 8", "pars = 8").replace("episodes = 3", "episodes = 1.5")
    )
    message = refused(launch(text), "3 problems", "episodes: is 1.5, it must be a whole number")
    assert "encode.field: unknown key 'per_dm', did you mean 'per_dim'" in message
    assert "train: unknown key 'pars', did you mean 'pairs'" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed = 7", "seed = -1", "seed is -1, it must be at least 0"),
        ("seed = 7", "seed = 9223372036854775808", "it must be at most 9223372036854775807"),
        ("seed = 7", "seed = true", "seed: is True, it must be a whole number"),
        ("seed = 7", 'seed = "7"', "seed: is '7', it must be a whole number"),
        ("seed = 7", "sed = 7", "unknown key 'sed', did you mean 'seed'"),
        ("seed = 7", 'core = "hots"', "core: is 'hots'; did you mean 'host'"),
        ("seed = 7", 'name = "../x"', "name is '../x', it must be a folder's name"),
        ("episodes = 3", "episodes = 0", "episodes is 0, it must be at least 1"),
        ("substeps = 4", "", "the key 'substeps' is missing"),
        ("substeps = 4", "substeps = 0", "substeps is 0, it must be at least 1"),
        ('method = "evolve"', 'method = "evolv"', "unknown method 'evolv'; did you mean 'evolve'"),
        ('method = "evolve"', "", "has no method"),
        ("[train]", "[[train]]", "it must be a table with a method: evolve"),
        ('type = "Membrane"', 'type = "Membran"', "unknown type 'Membran'; did you mean 'Membrane'"),
        ("tau_mem = 0.02", "tau_mem = -1.0", "tau_mem is -1, it must be greater than 0"),
        ("tau_mem = 0.02", "tau_mem = nan", "tau_mem is nan, it must be finite"),
        ('post = "output"', 'post = "outptu"', "there is no population 'outptu'; did you mean 'output'"),
        ('name = "input"', 'name = "in"', "there is no population 'input'"),
    ],
)
def test_bad_values_are_named(launch, old, new, said):
    refused(launch(LAUNCH.replace(old, new)), said)


def test_text_that_is_no_toml_is_refused(launch):
    refused(launch("seed = = 7"), "not valid TOML", "line 1")
    refused(launch("x = " + "[" * 100_000), "not valid TOML")


def test_a_file_that_is_no_text_is_refused(launch, tmp_path):
    path = launch()
    path.write_bytes(b"\xff\xfe\x00")
    refused(path, "not valid TOML")


def test_a_config_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("[1, 2]")
    with pytest.raises(ConfigError, match=r"it must be a table, not list"):
        load_experiment(tmp_path)


def test_a_huge_file_is_refused_before_it_is_read(launch, monkeypatch):
    monkeypatch.setattr(neurobot.config, "MAX_FILE", 100)
    refused(launch(), "larger than 100 bytes")


def test_a_name_that_nothing_has_lists_the_bundled_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(neurobot.config, "bundled_launches", lambda: {"halfcheetah": tmp_path, "hopper": tmp_path})
    with pytest.raises(ConfigError, match=r"half_cheetah: no such file.*did you mean 'halfcheetah'"):
        find_launch("half_cheetah")
    with pytest.raises(ConfigError, match=r"launch/hoper.toml: no such file.*did you mean 'hopper'"):
        find_launch("launch/hoper.toml")
    with pytest.raises(ConfigError, match=r"launch/nope.toml: no such file.*name; known: halfcheetah, hopper"):
        find_launch("launch/nope.toml")


def test_bundled_launch_files_are_found_by_name_with_or_without_suffix(tmp_path, monkeypatch):
    monkeypatch.setattr(neurobot.config, "bundled_launches", lambda: {"hopper": tmp_path / "hopper.toml"})
    assert find_launch("hopper") == find_launch("hopper.toml") == tmp_path / "hopper.toml"


def test_a_path_wins_over_a_bundled_name(launch, monkeypatch, tmp_path):
    monkeypatch.setattr(neurobot.config, "bundled_launches", lambda: {"swing": tmp_path / "elsewhere"})
    path = launch()
    monkeypatch.chdir(tmp_path)
    assert find_launch("swing.toml").resolve() == path


def test_every_bundled_launch_file_can_be_loaded():
    for name, path in bundled_launches().items():
        assert isinstance(load_experiment(name), Experiment)
        assert load_experiment(path).name


def test_a_folder_without_a_config_and_a_file_of_another_kind_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"a folder without config.json"):
        find_launch(str(tmp_path))
    other = tmp_path / "x.safetensors"
    other.write_bytes(b"")
    with pytest.raises(
        ConfigError, match=r"not a launch file; give a .toml.* name, or NAME --program .*x.safetensors$"
    ):
        find_launch(str(other))


def test_a_file_that_cannot_be_read_is_refused(launch, monkeypatch):
    def read_text(path, **_):
        raise PermissionError(13, "Permission denied")

    path = launch()
    monkeypatch.setattr("pathlib.Path.read_text", read_text)
    refused(path, "cannot be read (Permission denied)")


VARIED = """
[env]
id = "Pendulum-v1"

[env.settings]
gravity = 9.81
names = ["a", "b"]

[env.randomize]
noise = [0.0, 0.1]
latency = [0, 2]

[[env.perturb]]
kind = "dead"
at = [1.0, 2.0]
index = 0

[[env.perturb]]
kind = "loss"
probability = 0.5
"""


def varied(launch, old="", new=""):
    assert old in VARIED
    return launch(LAUNCH.replace('[env]\nid = "Pendulum-v1"\n', VARIED.replace(old, new)))


def test_what_differs_and_goes_wrong_becomes_options_of_the_environment(launch):
    env = load_experiment(varied(launch)).env
    assert env.options() == {
        "gravity": 9.81,
        "names": ["a", "b"],
        "randomize": Randomize(noise=(0.0, 0.1), latency=(0, 2)),
        "perturb": (
            Perturbation(kind="dead", at=(1.0, 2.0), index=(0,)),
            Perturbation(kind="loss", probability=0.5),
        ),
    }
    assert load_experiment(launch()).env.options() == {}


def test_what_differs_and_goes_wrong_round_trips_through_a_run_folder(launch, tmp_path):
    e = load_experiment(varied(launch))
    (tmp_path / "config.json").write_text(to_json(e))
    again = load_experiment(tmp_path)
    assert again == e and again.env.options() == e.env.options()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gravity = 9.81", "threads = 2", "settings.threads is none of the environment's settings; leave it out"),
        ("gravity = 9.81", "since = 2020-01-01", "settings.since is .*, it must be a number, a text, true or false"),
        ("gravity = 9.81", "some = {a = [1, 2020-01-01]}", "settings.some is {'a': .*, it must be a number"),
        ("noise", "nois", "randomize: nothing is called 'nois'; did you mean 'noise'"),
        ("[0.0, 0.1]", "0.1", r"randomize.noise is 0.1; it must be a pair \(low, high\)"),
        ("[0, 2]", "[0, 2.5]", r"randomize.latency is \[0, 2.5\]; .* of whole numbers"),
        ('kind = "dead"', 'kind = "daed"', r"perturb\[0\]: perturbation: kind is 'daed'; did you mean 'dead'"),
        ('kind = "dead"', "", r"perturb\[0\]: perturbation: it has no kind; known: reversed, weakened"),
        ("probability", "probabilty", r"perturb\[1\]: .*unknown key 'probabilty', did you mean 'probability'"),
        ("probability = 0.5", "", r"perturb\[1\]: perturbation 'loss': it needs probability"),
        ("[env.randomize]", "[env.randomise]", "env: unknown key 'randomise', did you mean 'randomize'"),
    ],
)
def test_what_cannot_differ_or_go_wrong_is_named(launch, old, new, said):
    with pytest.raises(ConfigError, match=said):
        load_experiment(varied(launch, old, new))


@pytest.mark.parametrize("given", ['{kind = "dead"}', "{}", '"dead"', '["dead"]', "0"])
def test_perturbations_that_are_no_list_of_tables_say_how_to_write_them(launch, given):
    path = launch(LAUNCH.replace('id = "Pendulum-v1"', f'id = "Pendulum-v1"\nperturb = {given}'))
    with pytest.raises(ConfigError, match=r"perturb is .*, it must be a list of tables; begin each with \[\[env"):
        load_experiment(path)


def test_all_that_cannot_differ_or_go_wrong_is_told_at_once(launch):
    path = varied(launch, "probability = 0.5", "probability = 2.0")
    path.write_text(path.read_text().replace("noise", "nois").replace("gravity", "render_mode").replace("dead", "daed"))
    refused(path, "4 problems", "settings.render_mode", "randomize: nothing", "perturb[0]: ", "perturb[1]: ")


def test_changes_are_named_by_their_path_with_what_is_new(launch):
    before = load_experiment(launch())
    after = load_experiment(launch(LAUNCH.replace("per_dim = 5", "per_dim = 6").replace("seed = 7", "seed = 8")))
    assert changed(before, after, "encode", "network") == {"encode.field.per_dim": 6}
    assert changed(before, after, "seed") == {"seed": 8}
    assert changed(before, before, "encode", "network", "decode") == {}


def test_changes_inside_lists_and_of_kind_are_named(launch):
    before = load_experiment(launch())
    weaker = load_experiment(launch(LAUNCH.replace("tau_mem = 0.02", "tau_mem = 0.03")))
    assert changed(before, weaker, "network") == {"network.populations.1.model.tau_mem": 0.03}
    other = load_experiment(launch(LAUNCH.replace('"FanIn", gain = 2.0', '"Normal", std = 2.0')))
    assert changed(before, other, "network") == {
        "network.projections.0.weights.weight": {"type": "Normal", "mean": 0.0, "std": 2.0}
    }


def test_the_json_is_plain(launch):
    data = json.loads(to_json(load_experiment(launch())))
    assert data["train"]["method"] == "evolve"
    assert data["decode"]["type"] == "Membrane"
    assert data["program"] is None
