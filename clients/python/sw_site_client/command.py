"""`sw-site upload|model|detect`: what cameras and build servers need, without a line of Python."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import httpx

from sw_site_client.errors import JobFailed, Refused
from sw_site_client.site import Site


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments().parse_args(argv)
    try:
        with Site(options.url, options.token) as site:
            print(json.dumps(options.act(site, options)))
    except (Refused, JobFailed, LookupError, ValueError, OSError, httpx.HTTPError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sw-site", description="Talks to an sw_site (SW_SITE_URL, SW_SITE_TOKEN).")
    parser.add_argument("--url", default="")
    parser.add_argument("--token", default="")
    actions = parser.add_subparsers(required=True)
    upload = actions.add_parser("upload", help="Send photos, labels or folders into a dataset.")
    upload.add_argument("dataset")
    upload.add_argument("paths", nargs="+")
    upload.set_defaults(act=lambda site, said: site.upload(said.dataset, said.paths))
    model = actions.add_parser("model", help="Fetch the model an alias points at.")
    model.add_argument("dataset")
    model.add_argument("--alias", default="production")
    model.add_argument("--format", default="onnx")
    model.add_argument("--into", default=".")
    model.set_defaults(act=fetch)
    detect = actions.add_parser("detect", help="Boxes of one picture, by the model an alias points at.")
    detect.add_argument("dataset")
    detect.add_argument("image")
    detect.add_argument("--alias", default="production")
    detect.set_defaults(act=lambda site, said: site.detect(site.model(said.dataset, said.alias)["id"], said.image))
    return parser


def fetch(site: Site, said: argparse.Namespace) -> dict[str, object]:
    model = site.model(said.dataset, said.alias)
    folder = site.download(model["id"], said.format, said.into)
    return {"model": model["id"], "name": model["name"], "folder": str(folder)}
