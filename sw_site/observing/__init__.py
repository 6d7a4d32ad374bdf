"""What the site tells those who watch it: probes, metrics, and a line for each request."""
