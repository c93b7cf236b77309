"""The line to a board: round trips, images, faults, and what a board does when its host is gone."""
