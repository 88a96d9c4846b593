# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Web Service of two nodes in this process, through their gates; and the bodies of its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from lxml import etree

from imp_emulator.domain.cucm import users
from imp_emulator.domain.cucm.users import UserKey
from imp_emulator.pipeline.accounts import Accounts
from imp_emulator.pipeline.gate import Gate
from imp_emulator.store import accounts
from imp_emulator.wire.presence_web_service import PresenceWebService, error_page
from imp_emulator.world.environment import Environment

BASE = "/presence-service"
DOMAIN = "dc1.example.com"
HOUR = "3600"


def endpoint(url: str = "http://127.0.0.1:9/here", more: str = "") -> str:
    return f"<endpoint><url>{url}</url>{more}</endpoint>"


def subscription(
    contacts: Sequence[str] | None = ("anna@dc1.example.com",),
    number: object = 1,
    kind: str = "PRESENCE_NOTIFICATION",
) -> str:
    listed = "".join(f'<contact contactURI="{uri}"/>' for uri in contacts or ())
    inside = "" if contacts is None else f"<contactsList>{listed}</contactsList>"
    return (
        f"<subscription>{inside}<subscriptionType>{kind}</subscriptionType>"
        f"<endPointID>{number}</endPointID></subscription>"
    )


def rich(
    *activities: str, device: str = "pws-override", source: str | None = "Presence Web Service", note: str = ""
) -> str:
    """Return a document as public clients write it: the source alone has a namespace."""
    listed = "".join(f"<{name}/>" for name in activities)
    origin = "" if source is None else f'<source xmlns="urn:cisco:params:xml:ns:pidf:source">{source}</source>'
    return (
        f'<presence entity="sip:anna@{DOMAIN}"><person id="anna"><activities>{listed}</activities>'
        f"<class>manual</class>{f'<note>{note}</note>' if note else ''}</person>"
        f'<tuple id="{device}">{origin}<servcaps><text>true</text></servcaps>'
        "<status><basic>open</basic></status></tuple></presence>"
    )


@dataclass(frozen=True)
class Answer:
    """An answer; ``headers`` by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    def text(self, path: str) -> str | None:
        return self.root.findtext(path)

    @property
    def number(self) -> int:
        """What stands at the end of the location."""
        return int(self.headers["location"].rpartition("/")[2])

    @property
    def contacts(self) -> dict[str, str | None]:
        """The basic presence of each contact of a list."""
        return {str(element.get("contactURI")): element.text for element in self.root}


def error(answer: Answer) -> tuple[int, int]:
    """Return code and status of a refusal, which always has words."""
    assert answer.root.tag == "error"
    assert answer.text("message")
    return int(answer.text("code") or 0), answer.status


class Service:
    """The nodes imp-pub (home of anna and carla) and imp-sub (home of bert), and who is logged in.

    Attributes:
        keys: Session keys by name: ``app`` and ``other app``; others are logged in by :meth:`log_in`.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        protocol = PresenceWebService(environment.context, Accounts(environment.database, environment.sessions))
        self._gates = {
            (node, port): Gate(environment, "dc1", node, port, [protocol], error_page)
            for node in ("imp-pub", "imp-sub")
            for port in (8082, 8083)
        }
        found = {account.label: account for account in accounts.accounts(environment.database, "dc1")}
        self.application, self.password = found["application"].username, found["application"].password
        self.roleless = found["readonly"]
        with environment.database.transaction():
            for userid in ("anna", "bert", "carla"):
                named = {"userid": userid, "first_name": userid.title(), "last_name": "Berg"}
                users.add(
                    environment.context, "dc1", named | {"mail": f"{userid}@example.com", "im_and_presence": True}
                )
            environment.database.execute(
                "INSERT INTO account SELECT cluster, kind, 'second', 'second', password, roles FROM account"
                " WHERE label = 'application' AND cluster = 'dc1'"
            )
        self.keys: dict[str, str] = {"": "", "wrong": "00000000-0000-0000-0000-000000000000"}

    def ask(
        self,
        method: str,
        path: str,
        body: str | bytes = b"",
        who: str = "",
        node: str = "imp-pub",
        port: int = 8083,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request with somebody's key."""
        sent: list[Any] = []
        content = body.encode() if isinstance(body, str) else body

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        given = dict(headers or {})
        if self.keys[who]:
            given["presence-session-key"] = self.keys[who]
        scope = {
            "type": "http",
            "method": method,
            "path": unquote(f"{BASE}{path}"),
            "raw_path": quote(f"{BASE}{path}", safe="/%").encode(),
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "extensions": {},
        }
        asyncio.run(self._gates[node, port](scope, receive, send))
        answered = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], answered, sent[1]["body"])

    def log_in_applications(self) -> None:
        for who, name in (("app", self.application), ("other app", "second")):
            body = f"<session><password>{self.password}</password></session>"
            self.keys[who] = str(self.ask("POST", f"/users/{name}/sessions", body).text("sessionKey"))

    def log_in(self, *userids: str, by: str = "app", node: str = "imp-pub") -> None:
        for userid in userids:
            answer = self.ask("POST", f"/users/{userid}/sessions", who=by, node=node)
            assert answer.status == 201, answer.body
            self.keys[userid] = str(answer.text("sessionKey"))

    def register(self, url: str = "http://127.0.0.1:9/here", who: str = "app") -> int:
        answer = self.ask("POST", "/endpoints", endpoint(url), who, headers={"Presence-Expiry": HOUR})
        assert answer.status == 201, answer.body
        return answer.number

    def subscribe(self, *contacts: str, who: str = "anna", number: int = 1) -> int:
        answer = self.ask(
            "POST",
            f"/users/{who}/subscriptions",
            subscription(contacts, number),
            who,
            headers={"Presence-Expiry": HOUR},
        )
        assert answer.status == 201, answer.body
        return answer.number

    def set(self, who: str, body: str, kind: str = "basic", override: str = "true", expiry: str = HOUR) -> Answer:
        """Set somebody's presence."""
        headers = {"Presence-Override": override, "Presence-Expiry": expiry}
        return self.ask("PUT", f"/users/{who}/presence/{kind}", body, who, headers=headers)

    def basic(self, contact: str, who: str = "anna") -> str | None:
        """Return a contact's basic presence."""
        answer = self.ask("GET", f"/users/{who}/presence/basic/contacts/{contact}", who=who)
        assert answer.status == 200, answer.body
        return answer.root.text

    def changes(self, number: int = 1, who: str = "anna") -> dict[str, str | None]:
        """Return the changed contacts of a subscription."""
        answer = self.ask("GET", f"/users/{who}/presence/basic/subscriptions/{number}", who=who)
        assert answer.status == 200, answer.body
        return answer.contacts

    def disable(self, userid: str) -> None:
        with self.environment.database.transaction():
            users.update(self.environment.context, "dc1", UserKey("userid", userid), {"im_and_presence": False})
