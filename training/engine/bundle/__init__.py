"""What lies beside an exported model: plain Python that is copied into each export and needs nothing of this project.

predict.py is the same in every export; one of the runtime_*.py files joins it as runtime.py. No file here may import
TensorFlow (runtime_saved_model.py and runtime_frozen_graph.py do so when they are asked to load a model) or any other
part of the engine.
"""
