"""Disk or bucket: what the settings say."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from sw_site.env import env_int, env_str


def storage(near: Path) -> dict[str, Any]:
    """The default of STORAGES. `near`: the folder for copies of a bucket's files.

    Raises ImproperlyConfigured where a bucket is named and the libraries are not installed.
    """
    bucket = env_str("SW_S3_BUCKET")
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if not (find_spec("boto3") and find_spec("storages")):
        raise ImproperlyConfigured(
            "SW_S3_BUCKET is set, and the libraries for it are not there: pip install -r requirements-s3.txt"
        )
    options = {
        "bucket_name": bucket,
        "endpoint_url": env_str("SW_S3_ENDPOINT") or None,
        "region_name": env_str("SW_S3_REGION") or None,
        "access_key": env_str("SW_S3_KEY") or None,
        "secret_key": env_str("SW_S3_SECRET") or None,
        "location": env_str("SW_S3_PREFIX").strip("/"),
        "public_url": env_str("SW_S3_PUBLIC_URL").rstrip("/"),
        "near": str(near),
        "near_bytes": env_int("SW_S3_NEAR_GB") * 2**30,
    }
    return {"BACKEND": "sw_site.lib.files.bucket.BucketFiles", "OPTIONS": options}


def origins(chosen: dict[str, Any]) -> list[str]:
    """For the Content-Security-Policy: where browsers fetch files from, besides the site."""
    parts = urlsplit(chosen.get("OPTIONS", {}).get("public_url", ""))
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
