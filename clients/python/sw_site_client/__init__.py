"""A client for the API of an sw_site: `Site("https://labels.example.org", token="sw_…")`."""

from sw_site_client.errors import JobFailed, Refused
from sw_site_client.site import Site

__all__ = ["JobFailed", "Refused", "Site"]
