"""Searching a dataset for labels that are probably wrong, and the queue in which people answer."""
