"""Detectors others have trained: the published catalogue, and the archives that are on this server."""
