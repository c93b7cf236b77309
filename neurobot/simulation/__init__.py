"""A network without encoder and decoder, driven by stimuli and watched by monitors."""

from neurobot.simulation.result import Simulation as Simulation
from neurobot.simulation.result import Spikes as Spikes
from neurobot.simulation.run import simulate as simulate
from neurobot.simulation.stimuli import CurrentPulse as CurrentPulse
from neurobot.simulation.stimuli import PoissonSpikes as PoissonSpikes
from neurobot.simulation.stimuli import Pulses as Pulses
from neurobot.simulation.stimuli import RegularSpikes as RegularSpikes
from neurobot.simulation.stimuli import SpikeTrain as SpikeTrain
from neurobot.simulation.window import Window as Window
from neurobot.simulation.window import measure_window as measure_window
