"""Faults put into a real site during a day of work; what was acknowledged must stay. See docs/reliability.md."""
