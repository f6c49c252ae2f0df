"""Measurements as ratios against a floor in the same run. `python -m bench [--people N] [--pairs N]`."""
