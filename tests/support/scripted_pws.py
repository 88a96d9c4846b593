# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a Presence Web Service, for a server that gives them one after another."""

from __future__ import annotations

from tests.support.https_server import Reply, Seen

APP_KEY = "canary-app-key-4f21"
USER_KEY = "canary-user-key-9ad3"
SECRETS = (APP_KEY, USER_KEY)
DONE = Reply(200, b"")


def session(key: str) -> Reply:
    """A login that was accepted."""
    return Reply(201, f"<session><sessionKey>{key}</sessionKey><backupServer>imp2</backupServer></session>".encode())


LOGINS = (session(APP_KEY), session(USER_KEY))
LOGOUTS = (DONE, DONE)


def error(number: int, status: int = 400, text: str = "") -> Reply:
    """A refusal in the form that the project assumes; ``text`` may repeat what was sent."""
    return Reply(status, f"<error><code>{number}</code><message>{text}</message></error>".encode())


def redirect(location: str | None, primary: str = "") -> Reply:
    """A login of a user who is homed on another node."""
    body = f'<session><redirect primaryServer="{primary}" backupServer=""/></session>'.encode()
    return Reply(307, body, {} if location is None else {"Location": location})


def rich(activity: str, *sources: str, note: str = "", userid: str = "ada") -> Reply:
    """A presence document; ``sources`` are the ids of its tuples, as ``jabber`` and ``pws-override``."""
    tuples = "".join(
        f'<tuple id="{source}"><contact priority="0.6">sip:x@example.com</contact><status><basic>open</basic></status>'
        f"<note>{note if source != 'jabber' else 'away from keyboard'}</note></tuple>"
        for source in sources
    )
    person = (
        f'<person xmlns="urn:cisco:params:xml:ns:pidf:rpid" id="{userid}"><activities><user-input>idle</user-input>'
        f"<{activity}/><phone-status>unavailable</phone-status><im-status>available</im-status></activities></person>"
    )
    opening = f'<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:{userid}@example.com">'
    return Reply(200, f'<?xml version="1.0"?>\n{opening}{person}{tuples}</presence>'.encode())


def told(seen: list[Seen]) -> list[str]:
    """Return what was asked, as ``PUT users/ada/presence/basic``."""
    base = "/presence-service/"
    assert all(one.path.startswith(base) for one in seen)
    return [f"{one.method} {one.path.removeprefix(base)}" for one in seen]
