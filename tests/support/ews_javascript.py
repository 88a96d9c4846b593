# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public EWS client in JavaScript as a process that a test tells what to do; ``make node-packages`` installs it."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from typing import Any

from tests.support import ews_schema
from tests.support.ews_clients import Endpoint
from tests.support.project_files import ROOT

SCRIPTS = ROOT / "tests" / "conformance" / "ews_javascript"
SECONDS = 30
"""How long a call may take."""
PACKAGES = ROOT / ".build" / "ews_javascript" / "node_modules"


def missing() -> str | None:
    """Say what the client lacks to run; None when nothing."""
    if shutil.which("node") is None:
        return "ews-javascript-api does not run: node is not found"
    if not (PACKAGES / "ews-javascript-api").is_dir():
        return "ews-javascript-api does not run: it is not installed, make node-packages does that where npm is found"
    return None


class ClientError(Exception):
    """The client has reported an error.

    Attributes:
        code: The EWS response code that it made of the answer, if any.
        status: The HTTP status that it reports, if any.
        back_off: Milliseconds that it was told to wait, if any.
    """

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(f"{told['code']} {told['status']}: {told['message']}")
        self.code = told["code"]
        self.status = told["status"]
        self.back_off = told["back_off"]


class JavaScriptClient:
    """The client in a process of its own, where ``place`` is known by its name and its authority is trusted."""

    def __init__(self, place: Endpoint) -> None:
        self._place = place
        self._process = subprocess.Popen(
            ["node", "--require", SCRIPTS / "names.js", SCRIPTS / "client.js"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                "HOSTS_OF_THE_TEST": json.dumps({place.host: place.address}),
                "NODE_EXTRA_CA_CERTS": place.ca_file,
                "NODE_PATH": str(PACKAGES),
                "NO_PROXY": "*",
                "PATH": os.environ["PATH"],
                # What the client writes without a zone is then UTC.
                "TZ": "UTC",
            },
        )

    def connect(self, auth: str, mailbox: str | None = None, password: str | None = None) -> None:
        """Log in with ``basic`` or ``ntlm``, and act for a mailbox from now on."""
        self.call(
            "connect",
            url=self._place.url,
            username=self._place.username,
            password=password or self._place.password,
            auth=auth,
            mailbox=mailbox,
        )

    def call(self, name: str, **given: Any) -> Any:
        """Have the client do something, see ``client.js``; its answers are validated. Raises :class:`ClientError`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": name, "with": given}) + "\n")
        self._process.stdin.flush()
        answered, _, _ = select.select([self._process.stdout], [], [], SECONDS)
        assert answered, f"the client has not answered {name} in {SECONDS} seconds"
        line = self._process.stdout.readline()
        assert line, f"the client has ended with status {self._process.wait()}"
        answer = json.loads(line)
        for message in answer["answers"]:
            if "Envelope" in message:
                ews_schema.check(message.encode())
        if "error" in answer:
            raise ClientError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
