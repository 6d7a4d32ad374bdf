"""How healthy a dataset is: measured, drawn, and one sentence of advice on each finding."""
