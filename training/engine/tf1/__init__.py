"""TensorFlow 1's way of training: the detectors of 2017, in graphs and sessions, with the engine's events and files.

Everything here needs `compat.apply("tf1")` first and a process of its own.
"""
