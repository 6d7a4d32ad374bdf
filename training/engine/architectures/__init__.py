"""The detectors the engine can build: `presets` for programs and people, one module a family for the model itself.

Importing this package or `presets` imports no TensorFlow; `model.fill_model` needs `compat.apply()` first.
"""
