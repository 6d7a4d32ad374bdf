"""Files in a bucket of an S3-compatible store (django-storages, boto3), with copies near at hand."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from sw_site.lib.files.near import Near
from sw_site.lib.files.where import AT_ONCE, StoreGone

#: A SHA-256 in a name says what the bytes are: such a file never changes.
SETTLED = re.compile(r"[0-9a-f]{64}")
#: Seconds for which a signed address opens a file.
SIGNED_FOR = 3600
#: A store that is away is said soon, and tried again meanwhile. Checksums beyond what S3 had for long are left out:
#: several compatible stores refuse them.
CLIENT = {
    "connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 4},
    "max_pool_connections": 2 * AT_ONCE, "signature_version": "s3v4",
    "request_checksum_calculation": "when_required", "response_checksum_validation": "when_required",
}  # fmt: skip


class BucketFiles(S3Storage):
    """Django's storage of a bucket. `path` gives a copy on disk, which is to be read and never written.

    `near`, `near_bytes`: the folder of copies and what it may hold. `public_url`: how browsers reach the store, where
    they are to fetch files from it by signed addresses; empty: the site hands files out itself.
    """

    signed_for = SIGNED_FOR

    def __init__(self, near: str, near_bytes: int, public_url: str = "", **options: Any) -> None:
        self.near, self.public_url = Near(near, near_bytes), public_url
        self._session: boto3.Session | None = None
        self._making = threading.Lock()
        self._signer: Any = None
        # Stores in the house seldom have a name for each bucket.
        style = "path" if options.get("endpoint_url") else "auto"
        config = Config(s3={"addressing_style": style}, **CLIENT)
        super().__init__(file_overwrite=False, client_config=config, **options)

    def path(self, name: str) -> str:
        """A copy on this machine's disk, made now if there is none; a path at which nothing is for a file that is gone.

        Raises NotImplementedError for the empty name: the storage is no folder.
        """
        if not name:
            raise NotImplementedError("These files lie in a bucket.")
        key = self._normalize_name(clean_name(name))
        try:
            place = self.near.place(name if SETTLED.search(name) else self._tagged(key, name))
            return str(self.near.get(place, lambda part: self._client.download_file(self.bucket_name, key, part)))
        except ClientError as error:
            if not is_absent(error):
                raise
            return str(self.near.root / "gone" / Path(name).name)

    def _tagged(self, key: str, name: str) -> str:
        """For files that may be written anew: each state has a place of its own."""
        tag = self._client.head_object(Bucket=self.bucket_name, Key=key)["ETag"].strip('"')
        return f"{tag[:2]}/{tag}/{Path(name).name}"

    def near_open(self, name: str) -> IO[bytes]:
        """The copy on this machine, which is there the next time too. Raises FileNotFoundError."""
        return Path(self.path(name)).open("rb")

    def write(self, name: str, file: IO[bytes]) -> None:
        """Make this the content of the name, whatever it had. A store takes a whole file or none."""
        with answering():
            self._save(name, File(file))

    def fetch(self, name: str, path: Path) -> None:
        """The file to a place of the caller's own. Raises FileNotFoundError."""
        with answering():
            self._client.download_file(self.bucket_name, self._normalize_name(clean_name(name)), str(path))

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Another name where this one is taken, except by the same bytes."""
        return name if SETTLED.search(name) else str(super().get_available_name(name, max_length))

    def delete(self, name: str) -> None:
        super().delete(name)
        if SETTLED.search(name):
            self.near.place(name).unlink(missing_ok=True)

    def get_modified_time(self, name: str) -> datetime:
        """Raises FileNotFoundError."""
        try:
            found: datetime = super().get_modified_time(name)
        except ClientError as error:
            if is_absent(error):
                raise FileNotFoundError(name) from error
            raise
        return found

    def objects(self, folder: str = "") -> Iterator[tuple[str, int, datetime]]:
        """(name, bytes, when written) of all files below a folder, by name."""
        start = f"{self.location}/" if self.location else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=start + folder)
        for page in pages:
            for each in page.get("Contents", ()):
                if not each["Key"].endswith("/"):
                    yield each["Key"].removeprefix(start), each["Size"], each["LastModified"]

    def signed_url(self, name: str, kind: str, shown: str = "") -> str:
        """An address at which browsers get the file from the store itself, for a while."""
        key = self._normalize_name(clean_name(name))
        given = {"ResponseContentType": kind, "ResponseCacheControl": f"private, max-age={SIGNED_FOR}"}
        if shown:
            given["ResponseContentDisposition"] = str(content_disposition_header(True, shown))
        if self._signer is None:
            self._signer = self._make_client(self.public_url)
        asked = {"Bucket": self.bucket_name, "Key": key, **given}
        url: str = self._signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=SIGNED_FOR)
        return url

    def check(self) -> str:
        """What is wrong with the store; empty when nothing is."""
        try:
            self._client.head_bucket(Bucket=self.bucket_name)
        except (ClientError, BotoCoreError) as error:
            return f"The bucket {self.bucket_name} does not answer: {error}"
        return ""

    @property
    def connection(self) -> Any:
        if getattr(self._connections, "connection", None) is None:
            with self._making:  # a session makes one at a time
                return super().connection
        return self._connections.connection

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _make_client(self, endpoint: str) -> Any:
        with self._making:
            return self._create_session().client(
                "s3", endpoint_url=endpoint, region_name=self.region_name, config=self.client_config
            )

    def _create_session(self) -> boto3.Session:
        """One for all threads, which share what it has loaded (some 15 MB)."""
        if self._session is None:
            self._session = super()._create_session()
        return self._session


@contextmanager
def answering() -> Iterator[None]:
    """What goes wrong in the block is an OSError: FileNotFoundError for a file that is gone, else StoreGone."""
    try:
        yield
    except ClientError as error:
        if is_absent(error):
            raise FileNotFoundError(str(error)) from error
        raise StoreGone(str(error)) from error
    except (BotoCoreError, Boto3Error) as error:
        raise StoreGone(str(error)) from error


def is_absent(error: ClientError) -> bool:
    return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == 404)
