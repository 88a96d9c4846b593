# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the Presence Web Service over its real ports."""

from __future__ import annotations

import requests
from lxml import etree

from tests.support.emulator import Emulator

SECONDS = 20


class Client:
    """An application at a node, as Cisco's samples write one; it follows no redirect."""

    def __init__(self, emulator: Emulator, node: str = "imp-pub", port: int = 8083) -> None:
        scheme = "https" if port == 8083 else "http"
        self.base = f"{scheme}://127.0.0.1:{emulator.port(node, port)}/presence-service"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = emulator.ca_file
        self.username, self.password = emulator.account()

    def ask(self, method: str, path: str, key: str = "", body: str = "", **headers: str) -> requests.Response:
        """Send a request; names of headers are given with ``_`` in place of ``-``."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            given["Presence-Session-Key"] = key
        url = path if path.startswith("http") else f"{self.base}{path}"
        return self.session.request(
            method, url, data=body.encode() or None, headers=given, timeout=SECONDS, allow_redirects=False
        )

    def application(self) -> str:
        """Log the application in and return its key."""
        body = f"<session><password>{self.password}</password></session>"
        return key_of(self.ask("POST", f"/users/{self.username}/sessions", body=body))

    def user(self, userid: str, application: str) -> str:
        """Log an end user in and return the key."""
        return key_of(self.ask("POST", f"/users/{userid}/sessions", application))

    def basic(self, userid: str, key: str) -> str:
        found = self.ask("GET", f"/users/{userid}/presence/basic/contacts/{userid}@dc1.example.com", key)
        return f"{found.status_code} {etree.fromstring(found.content).text}"


def key_of(answer: requests.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(etree.fromstring(answer.content).findtext("sessionKey"))
