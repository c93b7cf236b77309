"""Files as Stable-Baselines3 and torch write them, piece by piece, so that any piece can be wrong."""

import io
import json
import struct
import zipfile

import numpy as np


class Pickle:
    """A pickle of protocol 2 in the making."""

    def __init__(self):
        self.data = b"\x80\x02"

    def raw(self, data):
        self.data += data
        return self

    def text(self, word):
        return self.raw(b"X" + struct.pack("<I", len(word.encode())) + word.encode())

    def name(self, module, name):
        return self.raw(f"c{module}\n{name}\n".encode())

    def number(self, n):
        return self.raw(b"J" + struct.pack("<i", n))

    def numbers(self, values):
        self.raw(b"(")
        for n in values:
            self.number(n)
        return self.raw(b"t")

    def empty(self):
        return self.name("collections", "OrderedDict").raw(b")R")

    def tensor(self, key, size, shape, offset=0, strides=None, kind="FloatStorage"):
        strides = [int(np.prod(shape[k + 1 :])) for k in range(len(shape))] if strides is None else strides
        self.name("torch._utils", "_rebuild_tensor_v2").raw(b"((").text("storage").name("torch", kind)
        self.text(key).text("cpu").number(size).raw(b"tQ").number(offset)
        return self.numbers(shape).numbers(strides).raw(b"\x89").empty().raw(b"tR")

    def end(self):
        return self.data + b"."


def archive(entries, compression=zipfile.ZIP_STORED):
    """A zip file as bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def state_dict(arrays, kinds=None, extra=None):
    """What torch.save makes of a state dict, as bytes."""
    index, storages = Pickle().empty().raw(b"("), {}
    for k, (name, array) in enumerate(arrays.items()):
        index.text(name).tensor(str(k), array.size, array.shape, kind=(kinds or {}).get(name, "FloatStorage"))
        storages[f"archive/data/{k}"] = array.tobytes()
    pickled = index.raw(b"u").end()
    return archive({"archive/data.pkl": pickled, "archive/byteorder": "little"} | storages | (extra or {}))


def arrays(rng, sizes=(3, 4, 2), names=("actor.mu.0", "actor.mu.2")):
    """Layers of a small actor of TD3."""
    out = {}
    for name, n_in, n_out in zip(names, sizes[:-1], sizes[1:], strict=True):
        out[f"{name}.weight"] = rng.normal(size=(n_out, n_in)).astype(np.float32)
        out[f"{name}.bias"] = rng.normal(size=n_out).astype(np.float32)
    return out


def policy(path, pth, data=None):
    """Write what model.save writes."""
    text = data if isinstance(data, (str, bytes)) else json.dumps(data or {"policy_kwargs": {}})
    path.write_bytes(archive({"data": text, "policy.pth": pth}))
    return path
