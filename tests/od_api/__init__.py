"""The tests that come with the Object Detection API, run on this project's pinned packages: `make od-api-tests`.

One process a mode imports the compat layer and the heavy modules once and forks a child for each test file. What is
known to fail stands with its reason in expected.toml; any other failure is red, and so is an entry that passes.
"""
