"""A training step through time beside the frameworks that train spiking networks."""
