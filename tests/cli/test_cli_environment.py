"""Which environments a file may ask for."""

import pytest

from neurobot.cli.environment import check_id, make_env
from neurobot.config import EnvConfig
from neurobot.errors import ConfigError, EnvError


def test_a_registered_id_is_made():
    env = make_env(EnvConfig(id="CartPole-v1"))
    assert env.action_space.n == 2
    env.close()


def test_an_unknown_id_gets_near_matches():
    with pytest.raises(EnvError, match="no environment has the id 'CartPol-v1'; did you mean 'CartPole-v1'"):
        check_id("CartPol-v1")


def test_a_module_in_an_id_is_not_imported_unless_it_is_allowed(fakes, tmp_path):
    (tmp_path / f"{fakes}.py").write_text("raise RuntimeError('this file was run')")
    with pytest.raises(ConfigError, match=f"names the module '{fakes}'.*--allow-import {fakes}"):
        check_id(f"{fakes}:fake/plain-v0")


def test_another_module_than_the_allowed_one_stays_refused(fakes):
    with pytest.raises(ConfigError, match="names the module 'os'"):
        check_id("os:CartPole-v1", [fakes])


def test_an_allowed_module_is_imported(fakes):
    assert check_id(f"{fakes}:fake/plain-v0", [fakes]) == "fake/plain-v0"
    assert check_id("fake/plain-v0", [fakes]) == "fake/plain-v0"


def test_this_projects_module_needs_no_permission():
    assert check_id("neurobot.envs:CartPole-v1") == "CartPole-v1"


def test_a_module_that_cannot_be_imported_is_named(fakes, tmp_path):
    with pytest.raises(ConfigError, match="--allow-import no_such_module: it cannot be imported"):
        check_id("CartPole-v1", ["no_such_module"])
    (tmp_path / f"{fakes}.py").write_text("1 / 0")
    with pytest.raises(ConfigError, match="its import failed \\(ZeroDivisionError"):
        check_id("CartPole-v1", [fakes])


def test_an_environment_that_cannot_be_made_says_why(fakes):
    with pytest.raises(EnvError, match="fake/plain-v0: the environment cannot be made \\(TypeError"):
        make_env(EnvConfig(id="fake/plain-v0", settings={"no_such_option": 1}), [fakes])


def test_a_launch_file_that_names_a_module_is_refused_by_the_command(command, launch, fakes):
    path = launch('id = "CartPole-v1"', f'id = "{fakes}:fake/plain-v0"')
    refused = command("run", path, "--no-record")
    assert refused.code == 3
    assert f"--allow-import {fakes}" in refused.err
    assert command("run", path, "--no-record", "--allow-import", fakes).code == 0
