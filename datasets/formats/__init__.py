"""One module per annotation format; all of them read into the neutral records of `records.py`."""
