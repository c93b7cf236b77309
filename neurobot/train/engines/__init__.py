"""Where the work of a training is done: see `neurobot.train.engines.engine`."""
