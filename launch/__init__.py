"""Launch files and the trained programs they run."""
