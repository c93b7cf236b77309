"""Carries trainings out: see `neurobot.train.runs.drive`, and `log` for the settings, which imports nothing heavy."""
