"""Conversion: a trained ANN policy becomes a spiking Program; see `neurobot.train.convert.conversion`."""

from neurobot.train.convert.conversion import Conversion as Conversion
from neurobot.train.convert.conversion import calibrate as calibrate
from neurobot.train.convert.conversion import convert as convert
from neurobot.train.convert.measure import Score as Score
from neurobot.train.convert.measure import score as score
from neurobot.train.convert.measure import score_ann as score_ann
