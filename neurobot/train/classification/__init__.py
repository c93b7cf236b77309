"""Pattern recognition: settings are in `neurobot.train.classification.settings`, which imports nothing heavy."""
