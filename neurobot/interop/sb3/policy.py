"""From a saved policy of Stable-Baselines3 to an ANN: which tensors are the actor's, and what surrounds them.

The zip file holds ``policy.pth``, a state dict of torch, and ``data``, JSON whose values may be base64 of a pickled
object, with a readable text beside it. Only plain JSON values and those texts are looked at; nothing is decoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurobot.errors import PolicyError
from neurobot.interop.ann import ANN, Activation, Layer, Squash, Statistics
from neurobot.interop.sb3.archive import MAX_TENSORS, StateDict, open_archive

MAX_DATA = 16 << 20
CLASSES: dict[str, Activation] = {
    "<class 'torch.nn.modules.activation.ReLU'>": "relu",
    "<class 'torch.nn.modules.activation.Tanh'>": "tanh",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the actor of an algorithm is called.

    Args:
        algorithms: for people.
        mark: a prefix that only this kind has.
        actor: prefixes of its layers, in order: a name, or a sequence of ``name.0``, ``name.2``, ...
        activation: the default.
        squash: of the output; None: `none`, or `argmax` without the parameter log_std.
    """

    algorithms: str
    mark: str
    actor: tuple[str, ...]
    activation: Activation
    squash: Squash | None


KINDS = (
    Kind("PPO, A2C", "action_net.", ("mlp_extractor.policy_net", "action_net"), "tanh", None),
    Kind("SAC, TQC", "actor.latent_pi.", ("actor.latent_pi", "actor.mu"), "relu", "tanh"),
    Kind("TD3, DDPG", "actor.mu.", ("actor.mu",), "relu", "tanh"),
    Kind("DQN", "q_net.q_net.", ("q_net.q_net",), "relu", "argmax"),
)  # fmt: skip


def read_policy(path: str | Path, statistics: Statistics | None = None) -> ANN:
    """The deterministic actor of a saved policy.

    Args:
        path: the zip file that ``model.save`` wrote: MlpPolicy of PPO, A2C, TD3, DDPG, SAC, TQC or DQN.
        statistics: of VecNormalize, where it was used; they are not in this file.

    Raises:
        PolicyError: a damaged or hostile file, a policy that is no plain multi-layer perceptron.
    """
    path = Path(path)
    archive = open_archive(path)
    data = _data(archive.read("data", MAX_DATA), f"{path}: data")
    tensors = StateDict(archive.read("policy.pth", MAX_TENSORS), f"{path}: policy.pth")
    found = actor_layers(path, tensors.index, data)
    if found is None:
        known = "; ".join(kind.algorithms for kind in KINDS)
        some = ", ".join(sorted(tensors.index)[:5])
        raise PolicyError(f"{path}: no actor of a known algorithm ({known}); its tensors are {some}, ...")
    names, kind = found
    layers = tuple(Layer(tensors.array(f"{name}.weight"), tensors.array(f"{name}.bias")) for name in names)
    squash = kind.squash or ("none" if "log_std" in tensors.index else "argmax")
    return ANN(layers=layers, activation=_activation(path, data, kind), squash=squash, statistics=statistics)


def actor_layers(path: Path, names: Collection[str], data: Mapping[str, Any]) -> tuple[list[str], Kind] | None:
    """Which tensors are the actor's: the names of its linear layers in order, and its kind; None where none is known.

    Args:
        path: the file, for messages.
        names: of all tensors.
        data: what the zip file says beside them; plain JSON.

    Raises:
        PolicyError: an actor that does not act layer after layer.
    """
    kind = next((kind for kind in KINDS if any(name.startswith(kind.mark) for name in names)), None)
    if kind is None:
        return None
    extractor = sorted(name for name in names if "features_extractor." in name or ".shared_net." in name)
    if extractor:
        raise PolicyError(
            f"{path}: a features extractor with weights ({extractor[0]}); only MlpPolicy on flat observations converts,"
            " without layers that the critic shares"
        )
    if data.get("use_sde") is True:
        raise PolicyError(f"{path}: it was trained with use_sde, whose actor is another one; train it without")
    layers = [name for prefix in kind.actor for name in _linear(prefix, names)]
    known = {f"{name}.{part}" for name in layers for part in ("weight", "bias")}
    other = sorted(n for n in names if n not in known and any(n.startswith(f"{prefix}.") for prefix in kind.actor))
    if other:
        raise PolicyError(f"{path}: {other[0]} is no weight or bias of a linear layer; only those convert")
    return layers, kind


def _data(raw: bytes, what: str) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{what}: no JSON ({error})") from None
    if not isinstance(data, dict):
        raise PolicyError(f"{what}: a JSON object is expected, not a {type(data).__name__}")
    return data


def _linear(prefix: str, names: Collection[str]) -> list[str]:
    """Names of the linear layers under a prefix, in order."""
    if f"{prefix}.weight" in names:
        return [prefix]
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d{{1,4}})\.weight")
    found = [int(match.group(1)) for name in names if (match := pattern.fullmatch(name))]
    return [f"{prefix}.{k}" for k in sorted(found) if f"{prefix}.{k}.bias" in names]


def _activation(path: Path, data: dict[str, Any], kind: Kind) -> Activation:
    given = data.get("policy_kwargs")
    text = given.get("activation_fn") if isinstance(given, dict) else None
    if text is None:
        return kind.activation
    if not isinstance(text, str) or text not in CLASSES:
        raise PolicyError(f"{path}: the activation function is {str(text)[:100]!r}; ReLU and Tanh are known")
    return CLASSES[text]
