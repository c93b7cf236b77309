"""The state of environments: taken out, written, read, and put into others, which then do the same to the bit."""

import json

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box

import neurobot.envs as envs
from neurobot.envs import EventCameraModel, Perturbation, PerturbedEnv, Randomize
from neurobot.errors import EnvError
from neurobot.loop import EnvRobot, env_state
from neurobot.loop.changes import collect
from neurobot.loop.packed import pack, unpack

TICKS = 45
LINK = (
    Perturbation(kind="latency", periods=2),
    Perturbation(kind="jitter", periods=3),
    Perturbation(kind="loss", probability=0.3),
)
BROKEN = (
    *LINK,
    Perturbation(kind="frozen", at=0.1, until=0.4, index=(0,)),
    Perturbation(kind="dead", at=(0.05, 0.3), until=0.5, index=(0,)),
)
VARIED = Randomize(
    mass=(0.8, 1.2), friction=(0.8, 1.2), gain=(0.8, 1.2), damping=(0.8, 1.2), noise=(0.01, 0.02), latency=(0, 3)
)
GYMNASIUM = (
    "Acrobot-v1", "Ant-v5", "CartPole-v1", "HalfCheetah-v5", "Hopper-v5", "Humanoid-v5", "HumanoidStandup-v5",
    "InvertedDoublePendulum-v5", "InvertedPendulum-v5", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1",
    "Pusher-v5", "Reacher-v5", "Swimmer-v5", "Walker2d-v5",
)  # fmt: skip
NOISY = EventCameraModel(noise_rate=5.0, leak_rate=1.0)


def loaded(env_id, body):
    return envs.make(env_id, perturb=(*BROKEN, Perturbation(kind="mass", body=body, mass=0.3, at=0.05, until=1.0)))


class Drawn:
    """Frames of a simulation without a renderer."""

    def __init__(self, env):
        self.qpos = env.unwrapped.simulation.view.qpos

    def take(self, i):
        return (0.5 + 0.4 * np.sin(7 * np.resize(self.qpos[i], (4, 4)))).astype(np.float32)


def seen():
    env = envs.EventVision(envs.make("HalfCheetah-v5"), "track", width=4, height=4, model=NOISY)
    env._frames = Drawn(env)
    return env


CASES = {env_id: lambda env_id=env_id: envs.make(env_id) for env_id in envs.vector_ids()}
CASES |= {f"gymnasium's {env_id}": lambda env_id=env_id: gymnasium.make(env_id) for env_id in GYMNASIUM}
CASES |= {
    f"{env_id}, varied and broken": lambda env_id=env_id: envs.make(env_id, randomize=VARIED, perturb=BROKEN)
    for env_id in ("Ant-v5", "Humanoid-v5", "InvertedPendulum-v5", "neurobot/Balancer-v0", "neurobot/Rover-v0")
}
CASES |= {
    "Hopper with a load for a while": lambda: loaded("Hopper-v5", "torso"),
    "Ant with a load for a while": lambda: loaded("Ant-v5", "torso"),
    "gymnasium's Pendulum, perturbed": lambda: PerturbedEnv(gymnasium.make("Pendulum-v1"), BROKEN, 0.05),
    "gymnasium's Hopper, flattened": lambda: gymnasium.wrappers.FlattenObservation(gymnasium.make("Hopper-v5")),
    "a Quadrotor whose motor weakens": lambda: envs.make("neurobot/Quadrotor-v0", weaken=(0.2, 0.5), gusts=1.0),
    "a Balancer that is pushed": lambda: envs.make("neurobot/Balancer-v0", push=0.1, push_every=0.05, sees="imu"),
    "a HalfCheetah that a camera looks at": seen,
    "a Pursuit with a noisy camera": lambda: envs.make("neurobot/Pursuit-v0", camera=NOISY),
    "a Reach of several trials": lambda: envs.make("neurobot/Reach-v0", trials=9, distance=(0.01, 0.02)),
    "a Rover with drop-outs": lambda: envs.make("neurobot/Rover-v0", ranges=envs.Sensor(dropout=0.3, delay=3, drift=1)),
}


def written_and_read(state):
    """A state after it was a file."""
    arrays = {}
    return unpack(json.loads(json.dumps(pack(collect(state), arrays))), arrays)


def bits(x):
    """Something that is equal where everything is, to the bit."""
    if isinstance(x, dict):
        return {key: bits(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [bits(part) for part in x]
    if isinstance(x, np.ndarray) and x.dtype.kind == "O":
        return bits(x.tolist())
    return x if x is None or isinstance(x, str) else (np.asarray(x).dtype.str, np.asarray(x).tobytes())


def as_bits(state):
    arrays = {}
    return pack(state, arrays), bits(arrays)


def actions_for(env):
    env.action_space.seed(1)
    return [env.action_space.sample() for _ in range(TICKS)]


def assert_goes_on_alike(one, other, actions):
    """Two environments do the same until the end of their episode, and in the next one."""
    for action in actions:
        first, second = one.step(action), other.step(action)
        assert bits(first) == bits(second)
        if first[2] or first[3]:
            break
    assert bits(one.reset(seed=8)) == bits(other.reset(seed=8))
    for action in actions[:3]:
        first, second = one.step(action), other.step(action)
        assert bits(first) == bits(second)
        if first[2] or first[3]:
            break


@pytest.mark.parametrize("tick", [0, 7, 31])
@pytest.mark.parametrize("name", CASES)
def test_an_environment_goes_on_in_another_one_to_the_bit(name, tick):
    one, other = EnvRobot(CASES[name]()), EnvRobot(CASES[name]())
    assert one.why_not_suspended == ""
    actions = actions_for(one.env)
    one.reset(7)
    for action in actions[:tick]:
        one.send_action(action)
        if one.outcome().terminated or one.outcome().truncated:  # between two episodes nobody asks for a state
            return
    state = written_and_read(one.get_state())
    other.reset(7)
    other.set_state(state)
    assert bits(one.get_observation().values) == bits(other.get_observation().values)
    assert_goes_on_alike(one.env, other.env, actions[tick:])


def test_physics_that_breaks_down_right_after_it_shows_the_same_last_observation():
    one, other = envs.make("Hopper-v5"), envs.make("Hopper-v5")
    one.reset(seed=2)
    one.step(np.full(3, 0.5, np.float32))
    other.reset(seed=2)
    env_state.set_state(other, written_and_read(env_state.get_state(one)))
    for env in (one, other):
        env.simulation.batch.qvel[0] = 1e12
    first, second = (env.step(np.zeros(3, np.float32)) for env in (one, other))
    assert "physics_error" in first[4]
    assert bits(first[:3]) == bits(second[:3])


def test_a_state_is_a_copy_that_later_steps_leave_alone():
    env = envs.make("Hopper-v5", perturb=LINK)
    env.reset(seed=1)
    state = env_state.get_state(env)
    before = as_bits(state)
    for action in actions_for(env)[:5]:
        env.step(action)
    assert as_bits(state) == before


class Foreign(gymnasium.Env):
    """Somebody else's environment, which draws and counts."""

    observation_space = Box(-9.0, 9.0, (2,), np.float64)
    action_space = Box(-1.0, 1.0, (1,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.k = 0
        return np.zeros(2), {}

    def step(self, action):
        self.k += 1
        return np.array([self.k, self.np_random.normal()]), 0.0, False, False, {}


class Stateful(Foreign):
    """One that says what changes in it."""

    def get_state(self):
        return {"k": self.k, "chance": self.np_random}

    def set_state(self, state):
        self.k, self.np_random = state["k"], state["chance"]


class Doubled(gymnasium.ActionWrapper):
    """Somebody else's wrapper."""

    def action(self, action):
        return 2 * action


def test_an_environment_of_somebody_else_that_has_both_methods_goes_on():
    one, other = Stateful(), Stateful()
    one.reset(seed=3)
    actions = actions_for(one)
    for action in actions[:4]:
        one.step(action)
    other.reset(seed=3)
    env_state.set_state(other, written_and_read(env_state.get_state(one)))
    assert_goes_on_alike(one, other, actions[4:])


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (Foreign(), "test_loop_env_state:Foreign has no get_state and set_state"),
        (Doubled(envs.make("Hopper-v5")), "test_loop_env_state:Doubled has no get_state and set_state"),
        (
            gymnasium.wrappers.TimeAwareObservation(gymnasium.make("Pendulum-v1")),
            "TimeAwareObservation has no get_state",
        ),
    ],
)
def test_what_is_not_known_is_named_with_what_it_has_to_offer(env, said):
    assert said in EnvRobot(env).why_not_suspended
    assert "give it both, or leave it out" in EnvRobot(env).why_not_suspended
    with pytest.raises(EnvError, match=r"has no get_state and set_state"):
        env_state.get_state(env)
    with pytest.raises(EnvError, match=r"has no get_state and set_state"):
        env_state.set_state(env, [])


def test_a_subclass_of_gymnasiums_may_remember_more_and_is_not_known():
    class Mine(type(gymnasium.make("Hopper-v5").unwrapped)):
        pass

    assert "Mine has no get_state" in env_state.why_not(Mine())


def test_a_state_that_nobody_can_write_is_refused_with_its_name():
    env = Stateful()
    env.reset(seed=1)
    env.k = object()
    with pytest.raises(EnvError, match=r"Stateful\['k'\] is of the class object, of which it is not known"):
        env_state.get_state(env)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda: envs.make("Hopper-v5"), lambda: envs.make("Walker2d-v5")),
        (lambda: gymnasium.make("Hopper-v5"), lambda: gymnasium.make("Walker2d-v5")),
        (lambda: gymnasium.make("Hopper-v5"), lambda: gymnasium.make("Hopper-v5").env),
        (lambda: envs.make("Hopper-v5", perturb=LINK), lambda: envs.make("Hopper-v5")),
        (lambda: envs.make("Hopper-v5"), lambda: envs.make("Hopper-v5", perturb=LINK)),
    ],
)
def test_the_state_of_another_environment_is_refused(one, other):
    first, second = one(), other()
    first.reset(seed=1)
    second.reset(seed=1)
    with pytest.raises((ValueError, KeyError, TypeError)):
        env_state.set_state(second, env_state.get_state(first))
