"""Where a Program runs."""

from neurobot.core.base import Core as Core
from neurobot.core.batch import BatchCore as BatchCore
from neurobot.core.fixed import FixedCore as FixedCore
from neurobot.core.host import HostCore as HostCore
