"""Whether this process was told to end."""

import threading

#: Every job running in this process leaves at its next safe point once it is set.
stopping = threading.Event()
