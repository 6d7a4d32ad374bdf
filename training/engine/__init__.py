"""The Object Detection API in a process of its own: a run directory in, a run directory out.

Importing this package, `runner` or `predictor` never imports TensorFlow; `python -m training.engine` does.
"""
