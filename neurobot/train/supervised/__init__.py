"""Learning from examples by surrogate gradients: settings are in `neurobot.train.supervised.settings`."""
