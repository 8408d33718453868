"""The policy as data: its shape, its files and its faults."""
