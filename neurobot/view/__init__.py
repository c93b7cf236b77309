"""Pictures and videos of what robots and trainers did; needs the extras ``plot`` and ``video``."""
