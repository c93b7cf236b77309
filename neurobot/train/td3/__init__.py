"""TD3 with a spiking actor: its settings are in `neurobot.train.td3.settings`, which imports nothing heavy."""
