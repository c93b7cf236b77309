"""NumPy twins: the same rules, written a second time for people, to compare compiled code with."""
