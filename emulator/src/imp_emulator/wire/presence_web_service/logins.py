# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login and logout of applications and end users."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from imp_emulator.domain.imp import services, web_sessions
from imp_emulator.domain.imp.nodes import Node
from imp_emulator.domain.imp.web_sessions import Session
from imp_emulator.pipeline.accounts import Access
from imp_emulator.pipeline.request import Response
from imp_emulator.wire.http import soap
from imp_emulator.wire.presence_web_service import bodies
from imp_emulator.wire.presence_web_service.calls import PLAIN_PORT, Call, Handler, path_of
from imp_emulator.wire.presence_web_service.errors import WebServiceError

ROLE = "Admin-3rd Party API"
"""The group that an application's account must be in."""

_PORT = re.compile(r":\d*\Z")


def _login(call: Call, *, force: bool) -> Response:
    """Log in: an application when there is a body, else an end user whom an application names."""
    if call.request.body.strip():
        return _logged_in(call, _login_application(call, force=force))
    application = call.application()
    userid = call.parts["user"]
    home = web_sessions.redirected(call.context, call.request.cluster, call.request.node, userid)
    if home is not None:
        return _redirect(call, home)
    session = web_sessions.login_user(call.context, application, call.request.node, userid, force=force)
    return _logged_in(call, session)


def _login_application(call: Call, *, force: bool) -> Session:
    password = soap.child(bodies.root(call.request.body, "session"), "password")
    if password is None:
        raise WebServiceError(112)
    if not password.text:
        raise WebServiceError(111)
    username = call.parts["user"]
    access = call.accounts.check(call.request.cluster, "application", username, password.text, ROLE)
    if access is not Access.OK:
        raise WebServiceError(114)
    call.request.caller = username
    return web_sessions.login_application(call.context, call.request.cluster, call.request.node, username, force=force)


def _logged_in(call: Call, session: Session) -> Response:
    content = etree.Element("session")
    etree.SubElement(content, "sessionKey").text = session.key
    other = web_sessions.backup(call.context, call.request.cluster, call.request.node)
    if other is not None:
        etree.SubElement(content, "backupServer").text = other.ipv4
    return call.answer(201, content)


def _redirect(call: Call, home: Node) -> Response:
    """Send the client to the node that serves the user: by its name, or where a client on this machine finds it."""
    content = etree.Element("session")
    other = web_sessions.backup(call.context, call.request.cluster, home.name)
    servers = {"primaryServer": home.fqdn, "backupServer": other.fqdn if other is not None else ""}
    etree.SubElement(content, "redirect", servers)
    port = call.request.port
    address, real = home.fqdn, port
    if not services.means(call.context, call.request.cluster, call.request.node, _asked(call)):
        address, real = call.context.network.get((home.ipv4, port), (address, real))
    scheme = "http" if port == PLAIN_PORT else "https"
    host = f"[{address}]" if ":" in address else address
    return call.answer(307, content, f"{scheme}://{host}:{real}{path_of(call.request)}")


def _asked(call: Call) -> str:
    """Return the host that the client has asked, without its port."""
    return _PORT.sub("", call.request.headers.get("host", ""))


def _logout(call: Call) -> Response:
    session = call.session()
    if not web_sessions.is_for(call.context, session, call.parts["user"]):
        raise WebServiceError(101)
    web_sessions.logout(call.context, session)
    return call.answer(200)


OPERATIONS: Mapping[str, Handler] = {
    "login": Handler(True, lambda call: _login(call, force=False)),
    "forcedLogin": Handler(True, lambda call: _login(call, force=True)),
    "logout": Handler(True, _logout),
}
"""What can be done, by this project's names."""
