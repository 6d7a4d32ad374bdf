"""What somebody who means harm would send; each file is one kind of attack. Figures: docs/reliability.md."""
