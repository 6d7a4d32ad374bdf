"""Detecting on videos and GIFs of any length: frame after frame, in a process of its own.

`scan` is that process, `tracking` and `timeline` what it makes of the boxes, `work` the job that watches it.
"""
