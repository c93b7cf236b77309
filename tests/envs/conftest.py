"""What every test of environments needs."""

import pytest


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    """gymnasium's loading of the models lets MuJoCo write a log file into the working directory."""
    monkeypatch.chdir(tmp_path)
