# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operations of the Presence Web Service are given, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from lxml import etree

from imp_emulator.domain.imp import web_sessions
from imp_emulator.domain.imp.web_sessions import Session
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.wire.http.hosts import base_url
from imp_emulator.wire.presence_web_service.bodies import KEY
from imp_emulator.wire.presence_web_service.errors import WebServiceError
from imp_emulator.world.context import Context

BASE = "/presence-service"
PLAIN_PORT = 8082
"""The port without TLS; the other one is 8083."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to be carried out.

    Attributes:
        parts: What stands in the path where an operation has a variable part: ``user``, ``type``, ``contact``, ``id``.
    """

    context: Context
    accounts: Accounts
    request: Request
    parts: Mapping[str, str]

    def session(self) -> Session:
        """Return the session that the request's key stands for; raises errors 100 and 101."""
        key = self.request.headers.get(KEY, "").strip()
        if not key:
            raise WebServiceError(100)
        found = web_sessions.find(self.context, self.request.cluster, self.request.node, key)
        if found is None:
            raise WebServiceError(101)
        return found

    def application(self) -> Session:
        """Return the session of an application; raises errors 100, 101 and 141."""
        found = self.session()
        if found.pkid is not None:
            raise WebServiceError(141)
        return found

    def end_user(self) -> Session:
        """Return the session of the end user whom the path names; raises errors 100, 101 and 140."""
        found = self.session()
        if found.pkid is None:
            raise WebServiceError(140)
        if not web_sessions.is_for(self.context, found, self.parts["user"]):
            raise WebServiceError(101)
        return found

    def url(self, path: str) -> str:
        """Return the URL of something below the service, at the host that was asked."""
        plain = self.request.port == PLAIN_PORT
        base = base_url(self.request, f"{self.request.node}:{self.request.port}", "http" if plain else "https")
        return f"{base}{BASE}{path}"

    def answer(self, code: int, content: etree._Element | None = None, location: str = "") -> Response:
        """Return an answer, with the media type that the client speaks."""
        headers = {"Location": location} if location else {}
        if content is None:
            return Response(code, b"", "", headers)
        return Response(code, document(content), media_type(self.request), headers)


def encoded(name: str) -> str:
    """Return a name as it stands in the path of a URL."""
    return quote(name, safe="@")


def path_of(request: Request) -> str:
    """Return a request's path without a slash at its end, each name in it encoded in the one way of :func:`encoded`."""
    return "/".join(encoded(unquote(name)) for name in request.raw_path.split("/")).rstrip("/")


@dataclass(frozen=True, slots=True)
class Handler:
    """An operation: whether it writes, and what carries it out."""

    write: bool
    run: Callable[[Call], Response]


def media_type(request: Request) -> str:
    """Return the media type of answers: ``application/xml`` for a client that names it, else ``text/xml``."""
    named = f"{request.headers.get('accept', '')} {request.headers.get('content-type', '')}"
    return f"{'application' if 'application/xml' in named else 'text'}/xml;charset=UTF-8"


def document(content: etree._Element) -> bytes:
    """Return an element as an XML document."""
    return etree.tostring(content, encoding="UTF-8", xml_declaration=True)
