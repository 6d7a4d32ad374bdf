"""Datasets and frozen versions written out, in any format this site reads."""
