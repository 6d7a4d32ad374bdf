"""Keeping a site in order: verify, backup, restore, health. Knows every app, as urls and api do."""
