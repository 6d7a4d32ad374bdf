"""The API: mounts each app's router under /api/v1/."""

from ninja import NinjaAPI
from ninja.security import SessionAuth

api = NinjaAPI(title="sw_site", version="1", auth=SessionAuth(), docs_url=None)
api.add_router("/datasets", "datasets.api.router")
