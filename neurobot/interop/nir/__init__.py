"""The Neuromorphic Intermediate Representation (https://neuroir.org): files and graphs in and out.

    from neurobot.interop.nir import from_nir, to_nir

    network, report = from_nir("net.nir", dt=1e-4, compat="snntorch")
    print(report)              # every assumption, every field that was ignored
    to_nir(network, "out.nir")

NIR describes dynamics in continuous time and leaves open the step, the integrator, the initial state, the shape of a
spike and the latency of a layer; so importing takes a `dt`, and says what it assumed. Needs ``pip install
'neurobot[nir]'``.
"""

from neurobot.interop.nir.compat import PROFILES as PROFILES
from neurobot.interop.nir.compat import Convention as Convention
from neurobot.interop.nir.export import to_nir as to_nir
from neurobot.interop.nir.load import from_nir as from_nir
from neurobot.interop.nir.reading import read as read
from neurobot.interop.nir.report import ImportReport as ImportReport
from neurobot.interop.nir.running import Recorded as Recorded
from neurobot.interop.nir.running import run as run
