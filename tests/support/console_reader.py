# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pages of the console in this process, as somebody does who has opened the link."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx

from imp_emulator.console import app
from imp_emulator.console.live import Live
from imp_emulator.control.app import Control
from imp_emulator.world.environment import Environment
from imp_emulator.world.snapshots import Snapshots

_URL = "http://127.0.0.1"


class Reader:
    """The console of an environment without listeners.

    Args:
        folder: Where its snapshots may stand.
    """

    def __init__(self, environment: Environment, folder: Path, language: str = "en") -> None:
        plane = Control(environment, Snapshots(environment.database, folder / "snapshots"), {}, "secret")
        self._app = app.application(plane, Live(environment), _URL)
        self._headers = {"accept-language": language}

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page."""
        return asyncio.run(self._get(path))

    async def _get(self, path: str) -> tuple[int, str]:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=_URL, headers=self._headers) as client:
            await client.get("/", params={"token": "secret"})
            answer = await client.get(f"/console{path}")
            return answer.status_code, answer.text

    def page(self, path: str) -> str:
        """Return the text of a page that there is."""
        status, text = self.get(path)
        assert status == 200, text
        return text


def words_of(html: str) -> str:
    """Return what a page says, without its tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def rows_of(html: str) -> list[str]:
    """Return what the rows of a page's tables say, heads left out."""
    return [words_of(row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL) if 'scope="col"' not in row]
