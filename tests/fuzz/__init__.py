"""Structure-aware fuzzing of everything that reads what strangers send.

`python -m tests.fuzz --inputs 10000` is the long run; some hundreds of inputs a reader go with every test run. Inputs
follow from reader, seed and number alone, so that every finding can be had again.
"""
