"""Batched tasks and this project's robots.

`make_vec(id, num_envs)` makes a `gymnasium.vector.VectorEnv` that steps many simulations of one task
together and equals gymnasium's own environment of that id, simulation by simulation and step by step;
`make(id)` makes one alone. Both take a `Randomize` that says what differs from episode to episode, and `Perturbation`s
that say what goes wrong within one; `PerturbedEnv` does the latter to any other Gymnasium environment.

How it is put together: a `Task` (task.py) says what a task is, one file a task (hopper.py, cartpole.py, ...). Its
`Simulation` advances the physics of all instances; those of MuJoCo share one (mujoco_simulation.py) and differ only
in a `Scene` (scene.py): a model and a few functions over arrays.
`TaskVectorEnv` (vector.py) adds what every task needs in the same way: seeds, episodes, autoreset, info; `TaskEnv`
(single.py) is the same for one. `RandomizedSimulation` (randomize.py) goes between the two where episodes differ, and
`PerturbedSimulation` (perturbed.py) around that one.

`EventCameras` (event_camera.py) turns frames from anywhere into events, `EventVision` those of a MuJoCo task;
`event_counts`, `spike_counts` and `spike_list` (events.py) make of events what networks take.

MuJoCo is imported when the first environment that needs it is made, so this import stays quick.
"""

from neurobot.envs.event_camera import EventCameraModel as EventCameraModel
from neurobot.envs.event_camera import EventCameras as EventCameras
from neurobot.envs.event_vision import EventVision as EventVision
from neurobot.envs.events import EVENT as EVENT
from neurobot.envs.events import event_columns as event_columns
from neurobot.envs.events import event_counts as event_counts
from neurobot.envs.events import events_from_columns as events_from_columns
from neurobot.envs.events import spike_counts as spike_counts
from neurobot.envs.events import spike_list as spike_list
from neurobot.envs.perturbation import Perturbation as Perturbation
from neurobot.envs.perturbed import PerturbedEnv as PerturbedEnv
from neurobot.envs.randomize import Randomize as Randomize
from neurobot.envs.scene import Scene as Scene
from neurobot.envs.scene import View as View
from neurobot.envs.sensor import Sensor as Sensor
from neurobot.envs.settings import Settings as Settings
from neurobot.envs.single import TaskEnv as TaskEnv
from neurobot.envs.task import Simulation as Simulation
from neurobot.envs.task import StepResult as StepResult
from neurobot.envs.task import Task as Task
from neurobot.envs.tasks import find_task as find_task
from neurobot.envs.tasks import make as make
from neurobot.envs.tasks import make_vec as make_vec
from neurobot.envs.tasks import register as _register
from neurobot.envs.tasks import vector_ids as vector_ids
from neurobot.envs.vector import TaskVectorEnv as TaskVectorEnv

_register()
