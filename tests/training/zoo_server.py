"""A model zoo on localhost: archives made here, served in pieces, broken off or redirected when told to."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONFIG = """model {{ ssd {{ num_classes: 90
  image_resizer {{ fixed_shape_resizer {{ height: {size} width: {size} }} }}
  feature_extractor {{ type: "{extractor}" depth_multiplier: 1.0 }} }} }}
train_config {{ batch_size: 8 }}
"""


def archive_bytes(extractor: str = "ssd_mobilenet_v2_fpn_keras", size: int = 320, weights: int = 300_000, **without):
    """A .tar.gz as the zoo publishes them; `index=False`, `config=False` leave a part out."""
    parts = {
        "net/checkpoint/ckpt-0.index": b"index",
        "net/checkpoint/ckpt-0.data-00000-of-00001": bytes(range(256)) * (weights // 256),
        "net/pipeline.config": CONFIG.format(extractor=extractor, size=size).encode(),
    }
    left_out = [name for name, wanted in without.items() if not wanted]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=0) as archive:
        for name, data in parts.items():
            if not any(word in name for word in left_out):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@dataclass
class ZooServer:
    """`files` by path; `breaks` are numbers of bytes after which the next answers end; `asked` are (path, Range)."""

    files: dict[str, bytes]
    breaks: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[ZooServer]:
    zoo = ZooServer(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            span = self.headers.get("Range", "")
            zoo.asked.append((self.path, span))
            if self.path in zoo.redirects:
                self.send_response(302)
                self.send_header("Location", zoo.redirects[self.path])
                self.end_headers()
                return
            data = zoo.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            tag = f'"{len(data)}-{data[-1]}"'
            start = int(span[6:].rstrip("-")) if span and self.headers.get("If-Range") == tag else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            body = data[start:]
            self.wfile.write(body[: zoo.breaks.pop(0)] if zoo.breaks else body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    zoo.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield zoo
    finally:
        server.shutdown()
        server.server_close()
