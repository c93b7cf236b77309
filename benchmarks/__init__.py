"""Measurements side by side: ``python -m benchmarks CASE``.

A case with peers (`tick`, `cuba`, `plasticity`, `envs`, `bptt`) is a folder: `case.py` makes the data that every peer
is given and lists the peers, and each peer is one file with two names:

    VERSIONS: dict[str, str]                  what was measured
    prepare(data) -> run                      builds and warms up, untimed; `run() -> {"seconds": ..., "spikes": ...}`

where `spikes` are counts by population: they show that the peers did the same work. A `note`, one sentence, and
`measures`, numbers by name, may be added. To add a peer, write that file, add a `Peer` to the list in `case.py`, and if
it needs packages, a file of them to `requirements/`. Every peer runs in a process and, with packages of its own, a
virtual environment of its own (`peers.py`, `worker.py`, `environments.py`).
"""
