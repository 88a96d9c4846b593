# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Galaxy server on loopback that offers one collection: ours, as it is built from this tree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support import changelog
from tests.support.https_server import running
from tests.support.project_files import ROOT

COLLECTION = "/api/v3/collections/ucops/imp"


class Galaxy(ThreadingHTTPServer):
    """Answers what ``ansible-galaxy collection install`` asks (Galaxy's API, version 3)."""

    daemon_threads = True

    def __init__(self, tarball: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = tarball.read_bytes()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        version = changelog.version(ROOT)
        place = f"{COLLECTION}/versions/{version}/"
        known: dict[str, Any] = {
            "/api/": {"available_versions": {"v3": "v3/"}},
            f"{COLLECTION}/": {"namespace": "ucops", "name": "imp", "highest_version": {"version": version}},
            f"{COLLECTION}/versions/": {
                "meta": {"count": 1},
                "links": {"first": None, "previous": None, "next": None, "last": None},
                "data": [{"version": version, "href": place}],
            },
            place: {
                "version": version,
                "href": place,
                "namespace": {"name": "ucops"},
                "collection": {"name": "imp"},
                "artifact": {"sha256": hashlib.sha256(self.content).hexdigest(), "filename": tarball.name},
                "metadata": {"dependencies": {}},
                "download_url": f"{self.url}/{tarball.name}",
                "signatures": [],
            },
        }
        # A client may leave out the slash at the end.
        self.answers = {path.rstrip("/"): json.dumps(answer).encode() for path, answer in known.items()}
        self.answers[f"/{tarball.name}"] = self.content


class _Handler(BaseHTTPRequestHandler):
    server: Galaxy

    def do_GET(self) -> None:
        body = self.server.answers.get(self.path.partition("?")[0].rstrip("/"))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/octet-stream" if ".tar" in self.path else "application/json")
        self.send_header("Content-Length", str(len(body or b"{}")))
        self.end_headers()
        self.wfile.write(body or b"{}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Stay silent."""


@contextmanager
def galaxy(tarball: Path) -> Iterator[str]:
    """Offer a tarball, and give the value for ``ANSIBLE_GALAXY_SERVER``."""
    server = Galaxy(tarball)
    with running(server):
        yield server.url
