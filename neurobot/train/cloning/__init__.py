"""Cloning, DAgger: settings are in `neurobot.train.cloning.settings`, which imports nothing heavy."""
