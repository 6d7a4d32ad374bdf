"""A store of one's own that speaks S3: on a free port, in memory, for as long as a block."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from django.conf import settings
from moto.server import ThreadedMotoServer

from sw_site.lib.files import choosing

BUCKET = "photos"
#: moto takes any; without one boto3 does not ask.
KEYS = {"SW_S3_KEY": "testing", "SW_S3_SECRET": "testing", "SW_S3_REGION": "us-east-1"}


@contextmanager
def s3_server() -> Iterator[str]:
    """Where it is reached."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def client_of(url: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


def new_bucket(url: str, name: str = BUCKET) -> None:
    """An empty one, in place of what was there."""
    client = client_of(url)
    if name in {each["Name"] for each in client.list_buckets()["Buckets"]}:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
            for each in page.get("Contents", ()):
                client.delete_object(Bucket=name, Key=each["Key"])
    else:
        client.create_bucket(Bucket=name)


def variables(url: str, **more: str) -> dict[str, str]:
    """The environment of a site whose files lie there."""
    return {**KEYS, "SW_S3_BUCKET": BUCKET, "SW_S3_ENDPOINT": url, **more}


def storages(url: str, near: Path, **more: str) -> dict[str, Any]:
    """STORAGES with that bucket as the default."""
    with patch.dict(os.environ, variables(url, **more)):
        return {**settings.STORAGES, "default": choosing.storage(near)}
