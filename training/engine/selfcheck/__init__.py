"""Proves that a machine can train: `manage.py engine_check`, or `python -m training.engine.selfcheck FOLDER`.

Each check gives findings, a sentence each. The real engine is run on a few drawn pictures, so what passes here passes
for the same reason a run does.
"""
