"""What all tests rely on."""

import signal

import pytest


@pytest.fixture(scope="session")
def firmware_builds(tmp_path_factory):
    """A folder for firmware that is built by this run, once for all of its tests."""
    return tmp_path_factory.mktemp("firmware")


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard():
    """A test run that was started in the background inherits a SIGINT that is ignored, and tests send one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
