# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of Microsoft Graph as its handlers see it, and the errors that they refuse with."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from imp_emulator.domain.exchange import mailboxes, online, time_zones
from imp_emulator.domain.exchange.access_tokens import Principal
from imp_emulator.domain.exchange.mailboxes import Mailbox
from imp_emulator.errors import InvalidValue
from imp_emulator.pipeline.request import Request, Response
from imp_emulator.scenario.model import GRAPH_HOST
from imp_emulator.wire.exchange.online.graph_query import Query, whole_number
from imp_emulator.wire.http.hosts import base_url
from imp_emulator.world.context import Context

_PREFERENCE = re.compile(r'([A-Za-z.\-]+)\s*=\s*(?:"([^"]*)"|([^,;\s]*))')
IN_PATHS = "/:@!$&'()*+,;=-._~"
"""What stands in the path of a URL as it is (RFC 3986, 3.3)."""
_ACCOUNT_BITS = 48
"""The last group of a user's object ID is the row of the mailbox, so that an ID is found again without a table."""


class GraphError(Exception):
    """Microsoft Graph refuses a call.

    Args:
        status: The HTTP status.
        code: The error's code, for example ``ErrorItemNotFound``.
        message: The sentence for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(slots=True)
class Call:
    """One decoded call.

    Attributes:
        principal: The application that calls.
        query: The OData options of the URL.
        path: What the path's pattern found, for example ``user`` and ``event``.
        zone: The IANA name of the time zone in which the client wants times.
        zone_name: The same as the client wrote it, which the answer repeats.
        body_type: In which form the client wants bodies: ``text`` or ``html``.
        applied: The preferences that the answer says it has applied.
    """

    request: Request
    principal: Principal
    query: Query
    path: Mapping[str, str]
    zone: str = "UTC"
    zone_name: str = "UTC"
    body_type: str = "html"
    applied: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The URL of the service's version, without a slash at its end."""
        return f"{base_url(self.request, GRAPH_HOST)}/v1.0"

    def metadata(self, name: str) -> str:
        """Return the value of ``@odata.context``."""
        return f"{self.base}/$metadata#{name}"

    def user_path(self) -> str:
        """Return how ``@odata.context`` and ``Location`` name the user, as the client wrote it."""
        name = self.path["user"].replace("'", "''")
        return f"users('{name}')"

    def read_preferences(self) -> None:
        """Take over what the header ``Prefer`` asks for; what it asks beside that is no matter (RFC 7240).

        Raises:
            GraphError: There is no such time zone.
        """
        for name, quoted, bare in _PREFERENCE.findall(self.request.headers.get("prefer", "")):
            value = quoted or bare
            if name.lower() == "outlook.timezone":
                self.zone, self.zone_name = zone(value), value
                self.applied.append(f'outlook.timezone="{value}"')
            elif name.lower() == "outlook.body-content-type" and value.lower() in ("text", "html"):
                self.body_type = value.lower()
                self.applied.append(f'outlook.body-content-type="{self.body_type}"')
            elif name.lower() == "odata.maxpagesize" and (size := whole_number(value)):
                self.query.prefer_page_size(size)
                self.applied.append(f"odata.maxpagesize={value}")

    def content(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object.

        Raises:
            GraphError: It is not, or holds half a character.
        """
        try:
            found = json.loads(self.request.body)
            # An escape can write one half of a surrogate pair, which nothing can store.
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            text = "Unable to read JSON request payload: it must be a JSON object whose texts are valid Unicode."
            raise GraphError(400, "BadRequest", text)
        return {name: value for name, value in found.items() if not name.startswith("@odata.")}

    def parameters(self, *known: str) -> dict[str, Any]:
        """Return the body of an action by the names of its parameters, whose letter case does not count.

        Raises:
            GraphError: It is no JSON object, or has a parameter that is not known.
        """
        names = {name.lower(): name for name in known}
        found = {}
        for name, value in self.content().items():
            if name.lower() not in names:
                raise GraphError(400, "RequestBodyRead", f"The parameter '{name}' is none of {', '.join(known)}.")
            found[names[name.lower()]] = value
        return found


def zone(name: str) -> str:
    """Return the IANA name of a time zone, given by its Windows or IANA name.

    Raises:
        GraphError: There is none.
    """
    try:
        return time_zones.iana(name)
    except InvalidValue:
        text = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise GraphError(400, "TimeZoneNotSupportedException", text) from None


def object_id(context: Context, mailbox: Mailbox) -> str:
    """Return the object ID of the user of a mailbox; the same on every machine."""
    return str(uuid.UUID(int=_prefix(context) << _ACCOUNT_BITS | mailbox.account))


def find_mailbox(context: Context, user: str) -> Mailbox | None:
    """Return the mailbox of a user, named by object ID or user principal name, or ``None``."""
    try:
        number = uuid.UUID(user).int
    except ValueError:
        return mailboxes.by_principal_name(context, user)
    if number >> _ACCOUNT_BITS != _prefix(context):
        return None
    return mailboxes.by_account(context, number & (1 << _ACCOUNT_BITS) - 1)


def mailbox_of(context: Context, call: Call) -> Mailbox:
    """Return the mailbox that a call is about.

    Raises:
        GraphError: There is no such user, or the user has no mailbox here.
    """
    user = call.path["user"]
    mailbox = find_mailbox(context, user)
    if mailbox is not None:
        return mailbox
    if online.is_person(context, user):
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox.")
    raise GraphError(404, "ErrorInvalidUser", f"The requested user '{user}' is invalid.")


def _prefix(context: Context) -> int:
    return uuid.uuid5(uuid.UUID(online.tenant(context).tenant_id), "users").int >> _ACCOUNT_BITS


def answer(
    call: Call, content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer in JSON, with the preferences that were applied."""
    applied = {"Preference-Applied": ", ".join(call.applied)} if call.applied else {}
    kind = "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
    return Response(status, json.dumps(content).encode(), kind, {**_traced(call.request), **applied, **(headers or {})})


def no_content(call: Call) -> Response:
    """Return the answer of what has nothing to say."""
    return Response(204, b"", "", _traced(call.request))


def accepted(call: Call) -> Response:
    """Return the answer of what is taken and has nothing to say."""
    return Response(202, b"", "", _traced(call.request))


def error_answer(
    request: Request, error: GraphError, now: datetime, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error as Microsoft Graph writes it; ``now`` is virtual time."""
    traced = _traced(request)
    inner = {
        "date": f"{now:%Y-%m-%dT%H:%M:%S}",
        "request-id": traced["request-id"],
        "client-request-id": traced["client-request-id"],
    }
    content = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    return Response(error.status, json.dumps(content).encode(), "application/json", {**traced, **(headers or {})})


def _traced(request: Request) -> dict[str, str]:
    own = str(uuid.uuid4())
    try:
        client = str(uuid.UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        client = own
    return {"request-id": own, "client-request-id": client}
