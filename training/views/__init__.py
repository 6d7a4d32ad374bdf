"""Pages of training: runs and models."""
