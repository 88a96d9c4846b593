# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Presence Engine asks Microsoft Graph for.

Sources: Microsoft's pages on calendarView, on mailboxSettings and on paging.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo

from imp_emulator.domain.exchange import time_zones
from imp_emulator.engine.exchange_requests import ExchangeFailure, Failure, Requests
from imp_emulator.engine.online_connection import Answer, OnlineHost
from imp_emulator.engine.online_tokens import Tokens, busy, is_busy, json_object
from imp_emulator.errors import InvalidValue

PAGE = 500
"""How many events are asked for at a time; Microsoft Graph gives 1,000 at most."""
MOST_PAGES = 200
_BASE = "/v1.0"
_IN_UTC = 'outlook.timezone="UTC"'
_STATUS = {
    "free": "Free",
    "tentative": "Tentative",
    "busy": "Busy",
    "oof": "OOF",
    "workingElsewhere": "WorkingElsewhere",
    "unknown": "NoData",
}
"""What Exchange Web Services calls the values of ``showAs``."""
_NO_MAILBOX = frozenset(
    {
        "ErrorInvalidUser",
        "ErrorItemNotFound",
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "Request_ResourceNotFound",
        "ResourceNotFound",
    }
)


class GraphClient:
    """Microsoft Graph as an application asks it; see ``OnlineClient`` for the operations.

    Args:
        host: Where it is.
        tokens: What it is asked with.
        client_id: The application, for people.
        requests: What the clients of the node share.
    """

    def __init__(self, host: OnlineHost, tokens: Tokens, client_id: str, requests: Requests) -> None:
        self._host = host
        self._tokens = tokens
        self._client_id = client_id
        self._requests = requests

    async def check(self) -> None:
        """Get a token, connect to Microsoft Graph and verify it."""
        async with self._requests.turn():
            await self._tokens.current()
            await self._host.verify()

    async def calendar(
        self, address: str, _folder: str, start: float, end: float
    ) -> tuple[tuple[float, float, str], ...]:
        """Return (start, end, status) of what takes place between two times, in the order of its start."""
        query = {
            "startDateTime": _text(start),
            "endDateTime": _text(end),
            "$select": "start,end,showAs,isCancelled",
            "$orderby": "start/dateTime",
            "$top": str(PAGE),
        }
        path = f"{_user(address)}/calendarView?{urlencode(query, safe='$,:/', quote_via=quote)}"
        found: list[tuple[float, float, str]] = []
        for _ in range(MOST_PAGES):
            content = await self._get(path, address)
            found += self._events(content)
            if "@odata.nextLink" not in content:
                return tuple(sorted(found))
            path = self._next(content["@odata.nextLink"])
        raise self._unreadable(f"there are more than {MOST_PAGES} pages")

    async def out_of_office(self, address: str, now: float) -> dict[str, float | None] | None:
        """Return the period of a mailbox's automatic replies; ``None`` when they are disabled or over."""
        content = await self._get(f"{_user(address)}/mailboxSettings/automaticRepliesSetting", address)
        status = content.get("status")
        if status == "disabled":
            return None
        if status == "alwaysEnabled":
            return {"start": None, "end": None}
        if status != "scheduled":
            raise self._unreadable("no status of the automatic replies")
        start, end = (self._moment(content.get(f"scheduled{name}DateTime")) for name in ("Start", "End"))
        return None if end <= now else {"start": start, "end": end}

    async def time_zone(self, address: str) -> str:
        """Return the mailbox's time zone (IANA name), empty when it says nothing or names one that is not known."""
        content = await self._get(f"{_user(address)}/mailboxSettings/timeZone", address)
        try:
            return time_zones.iana(str(content.get("value") or ""))
        except InvalidValue:
            return ""

    async def _get(self, path: str, address: str) -> dict[str, Any]:
        """Return the object at a path, about a mailbox."""
        if not address.isprintable() or "@" not in address:
            raise ExchangeFailure(Failure.MAILBOX, f"{address!r} is not a mail address.")
        async with self._requests.turn():
            for last in (False, True):
                token = await self._tokens.current()
                headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Prefer": _IN_UTC}
                answer = await self._host.send("GET", path, headers)
                if answer.status != 401 or last:
                    return self._content(answer, address)
                # It may have been withdrawn, or the clock set back.
                self._tokens.forget(token)
        raise AssertionError

    def _content(self, answer: Answer, address: str) -> dict[str, Any]:
        content = json_object(answer)
        if answer.status == 200:
            if not content:
                raise self._unreadable("no JSON object")
            return content
        if is_busy(answer):
            raise busy(self._host.name, answer)
        error = content.get("error")
        code = str(error.get("code") or "") if isinstance(error, dict) else ""
        shown = f"({code[:100] or f'HTTP {answer.status}'})"
        if answer.status == 401:
            detail = f"{self._host.name} does not accept the application {self._client_id} {shown}."
            raise ExchangeFailure(Failure.LOGIN, detail)
        if answer.status == 403:
            detail = f"The application {self._client_id} may not read the mailbox {address} {shown}."
            raise ExchangeFailure(Failure.RIGHT, detail)
        if code in _NO_MAILBOX:
            raise ExchangeFailure(Failure.MAILBOX, f"There is no mailbox {address} {shown}.")
        raise ExchangeFailure(Failure.ANSWER, f"{self._host.name} refused a request for {address} {shown}.")

    def _next(self, link: Any) -> str:
        """Return the path of the next page, which has to be on the same host."""
        try:
            parts = urlsplit(str(link))
            port = parts.port
        except ValueError:
            raise self._unreadable("the link to the next page is none") from None
        authority = parts.netloc.lower().removesuffix(":443") if port == 443 else parts.netloc.lower()
        if parts.scheme != "https" or authority != self._host.authority:
            raise self._unreadable("the next page is on another host")
        return f"{parts.path}?{parts.query}"

    def _events(self, content: dict[str, Any]) -> list[tuple[float, float, str]]:
        listed = content.get("value")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise self._unreadable("no list of events")
        return [
            (self._moment(one.get("start")), self._moment(one.get("end")), self._status(one))
            for one in listed
            if not one.get("isCancelled")
        ]

    def _status(self, event: dict[str, Any]) -> str:
        shown = event.get("showAs")
        if not isinstance(shown, str):
            raise self._unreadable("an event without what was asked for")
        return _STATUS.get(shown, "NoData")

    def _moment(self, value: Any) -> float:
        """Return what a dateTimeTimeZone says, in seconds since the epoch."""
        try:
            wall = datetime.fromisoformat(value["dateTime"])
            zone = UTC if value["timeZone"] == "UTC" else ZoneInfo(time_zones.iana(value["timeZone"]))
            return (wall if wall.tzinfo else wall.replace(tzinfo=zone)).timestamp()
        except (InvalidValue, KeyError, TypeError, ValueError, OverflowError):
            raise self._unreadable("a time that is none") from None

    def _unreadable(self, why: str) -> ExchangeFailure:
        return ExchangeFailure(Failure.ANSWER, f"{self._host.name} did not answer as Microsoft Graph does: {why}.")


def _user(address: str) -> str:
    return f"{_BASE}/users/{quote(address, safe='@')}"


def _text(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
