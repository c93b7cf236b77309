"""Boards: a Program in integers, as an image, and what that costs."""
