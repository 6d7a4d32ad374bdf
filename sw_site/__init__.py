"""The project: what composes the apps, and what all of them stand on."""

#: Of the programs, as in pyproject.toml; a backup says which one made it.
RELEASE = "0.1.0"
