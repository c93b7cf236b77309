"""Evolution strategies: settings are in `neurobot.train.evolution.settings`, which imports nothing heavy."""
