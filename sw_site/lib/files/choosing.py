"""Disk or bucket: what the settings say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

GB = 2**30


def storage(read: Callable[[str], str], near: Path, near_gb: int) -> dict[str, Any]:
    """The default of STORAGES. `read`: reads a variable; `near`: the folder for copies of a bucket's files.

    Raises ImproperlyConfigured where a bucket is named and the libraries are not installed.
    """
    bucket = read("SW_S3_BUCKET")
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    try:
        import boto3  # noqa: F401
        import storages  # noqa: F401
    except ImportError as error:
        raise ImproperlyConfigured(
            "SW_S3_BUCKET is set, and the libraries for it are not there: pip install -r requirements-s3.txt"
        ) from error
    options = {
        "bucket_name": bucket,
        "endpoint_url": read("SW_S3_ENDPOINT") or None,
        "region_name": read("SW_S3_REGION") or None,
        "access_key": read("SW_S3_KEY") or None,
        "secret_key": read("SW_S3_SECRET") or None,
        "location": read("SW_S3_PREFIX").strip("/"),
        "near": str(near),
        "near_bytes": near_gb * GB,
        "public_url": read("SW_S3_PUBLIC_URL").rstrip("/"),
    }
    return {"BACKEND": "sw_site.lib.files.bucket.BucketFiles", "OPTIONS": options}


def origin_of(url: str) -> list[str]:
    """For the Content-Security-Policy: where browsers fetch files from, besides the site."""
    parts = urlsplit(url)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
