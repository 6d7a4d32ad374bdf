"""A web server on this machine, and names that lead to it, for tests of what is fetched from addresses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]

#: What the names of the tests lead to.
NAMES = {"photos.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"], "both.example": ["127.0.0.1", "10.0.0.5"]}


class Web:
    """`pages` by path: bytes, or a function that answers by itself. `seen` has (host, path) of every request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[str, bytes | Answer] = {}
        self.seen: list[tuple[str, str]] = []

    def url(self, path: str, host: str = "photos.example") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def serving() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.seen.append((self.headers["Host"], self.path))
            page = web.pages.get(self.path)
            if page is None:
                self.send_error(404)
            elif isinstance(page, bytes):
                send(self, page)
            else:
                page(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        web = Web(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, data: bytes, length: int | None = -1) -> None:
    handler.send_response(200)
    if length is not None:
        handler.send_header("Content-Length", str(len(data) if length < 0 else length))
    handler.end_headers()
    handler.wfile.write(data)


def redirect(place: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.end_headers()

    return answer
