"""Closed-loop robot control with spiking neural networks."""
