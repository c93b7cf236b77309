"""Settings of an environment: all of them on the command line, and remembered with what was made for them."""

import json

import pytest

from neurobot.cli.arguments import SETTABLE, spelled_out
from neurobot.config import EnvConfig

REACH = """
[env]
id = "neurobot/Reach-v0"
settings = {vision = {noise = 0.0}}
"""
FIELD = """[encode.field]
type = "Direct"
range = {type = "Normalizer"}

"""


@pytest.fixture
def reach(launch):
    """A launch file of an untrained arm."""
    path = launch()
    text = path.read_text()
    field = text[text.index("[encode.field]") : text.index("[network]")]
    for old, new in (
        ('[env]\nid = "CartPole-v1"\n', REACH),
        (field, FIELD),
        ('type = "WinnerTakeAll"', 'type = "Membrane"\npopulation = "output"'),
        ('name = "output"\nn = 0\nmodel = {type = "LIF"', 'name = "output"\nn = 2\nmodel = {type = "LI"'),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


def test_every_setting_of_a_task_can_be_changed_whether_the_file_names_it_or_not(command, reach):
    result = command("run", reach, "--no-record", "--episodes", "1", "--json", "--env.settings.trials", "3")
    assert json.loads(result.out)["ticks"] == 225
    nested = command("run", reach, "--dry-run", "--env.settings.vision.delay", "2")
    settings = json.loads(nested.out)["env"]["settings"]
    assert (settings["vision"]["noise"], settings["vision"]["delay"], settings["trials"]) == (0.0, 2, 1)


def test_a_run_folder_and_a_program_know_the_settings_they_were_made_with(command, reach):
    command("run", reach, "--out", "made", "--episodes", "1", "--env.settings.trials", "2")
    again = command("run", "made", "--no-record", "--json")
    assert json.loads(again.out)["ticks"] == 150
    alone = command("eval", "made/program.safetensors", "--episodes", "1", "--json")
    assert json.loads(alone.out)["ticks"] == 150


@pytest.mark.parametrize("env_id", ["neurobot/Reach-v0", "neurobot.envs:neurobot/Reach-v0"])
def test_to_name_the_environment_again_changes_no_setting(command, reach, env_id):
    command("run", reach, "--out", "made", "--episodes", "1", "--env.settings.trials", "2")
    for what in ("made", "made/program.safetensors"):
        named = command("eval", what, "--episodes", "1", "--json", "--env", env_id)
        assert json.loads(named.out)["ticks"] == 150
        other = command("eval", what, "--env", "Pendulum-v1")
        assert other.code == 3 and "trials" not in other.err and "made for another environment" in other.err


def test_a_trained_program_knows_them_too(command, reach):
    command("train", reach, "--out", "trained", "--train.generations", "1", "--env.settings.trials", "2")
    found = command("eval", "trained/program.safetensors", "--episodes", "1", "--json")
    assert json.loads(found.out)["ticks"] == 150


def test_a_value_that_the_task_does_not_take_is_refused_before_anything_is_made(command, reach, tmp_path):
    result = command("run", reach, "--out", "made", "--env.settings.gain", "50")
    assert result.code == 3 and "Reach.gain is 50.0; it must be a finite number in [0.1, 5]" in result.err
    assert not (tmp_path / "made").exists()


def test_a_setting_that_the_task_does_not_have_is_refused_where_the_file_names_it(command, reach):
    reach.write_text(reach.read_text().replace("vision =", "visoin ="))
    result = command("run", reach, "--dry-run")
    assert result.code == 3 and "has no setting 'visoin'; did you mean 'vision'" in result.err


def test_another_task_is_not_given_what_the_file_does_not_say(command, reach):
    reach.write_text(reach.read_text().replace("settings = {vision = {noise = 0.0}}\n", ""))
    other = command("run", reach, "--dry-run", "--env.id", "neurobot/Rover-v0", "--env.settings.trials", "2")
    assert json.loads(other.out)["env"] == {
        "id": "neurobot/Rover-v0",
        "settings": {"trials": 2},
        "randomize": {},
        "perturb": [],
    }


def test_a_run_folder_is_evaluated_in_another_task_without_the_settings_of_its_own(command, reach):
    command("run", reach, "--out", "made", "--episodes", "1")
    result = command("eval", "made", "--env", "neurobot/Rover-v0")
    assert result.code == 3 and "the environment's observation has 15 values" in result.err


def test_gymnasiums_tasks_that_have_settings_are_spelled_out_too():
    from neurobot.envs import find_task, vector_ids

    foreign = [env_id for env_id in vector_ids() if not env_id.startswith("neurobot/")]
    assert {env_id for env_id in foreign if find_task(env_id).settings is not None} == set(SETTABLE)
    assert spelled_out(EnvConfig(id="Ant-v5")).settings == {"include_cfrc_ext_in_observation": True}
    assert spelled_out(EnvConfig(id="Hopper-v5")).settings == {}
