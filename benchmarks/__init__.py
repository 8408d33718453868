"""What the gate costs, measured side by side in one run: `python -m benchmarks`.

Only ratios within one run are figures; microseconds are shown so that a reader can judge the machine. A ratio is the
median of repeats whose variants take turns, so that a machine that slows down slows all of them.
"""
