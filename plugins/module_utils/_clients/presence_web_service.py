# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Client of the Presence Web Service (REST, base ``/presence-service``) of one IM and Presence node.

An application user logs in with its password, and then end users without theirs; what is set or asked for a user takes
the key of the user's session. A user homed on another node cannot log in here: :class:`WrongNode` tells the node, and
whoever calls decides whether it may be asked.

Sessions are logged out when the client is closed, whatever has happened. One that has ended meanwhile is made anew:
once at once, that of an end user then after pauses, for another run may be about the same user. Session keys are
secrets: they are in no message, and ``hide`` is told each of them. Texts of the server are not shown either, for they
may repeat what was sent; errors are told by their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.ucops.imp.plugins.module_utils._clients.presence_errors import (
    ALREADY_LOGGED_IN,
    BUSY,
    ERRORS,
    INVALID_SESSION_KEY,
    LOGIN_FAILED,
    NO_SESSION_KEY,
    error_number,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.backoff import NotNow
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import (
    ApiError,
    ConnectionFailed,
    ImpError,
    InvalidInput,
    Unauthorized,
    UnexpectedAnswer,
)
from ansible_collections.ucops.imp.plugins.module_utils._core.options import check_host
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from ansible_collections.ucops.imp.plugins.module_utils._http.transport import Answer, Transport

T = TypeVar("T")

BASE = "/presence-service"
LARGEST_DOCUMENT = 1024 * 1024
"""Bytes. Nothing that is asked here has an answer of more than a few thousand."""

OVERRIDE, DEVICE = "pws-override", "cisco-pws"
"""What the service calls the source of a presence that was set by hand, with override and without."""
OVERRIDES = (OVERRIDE, "pws-persistent")
RELEASE = "pws_override"
"""What Cisco's own collection of requests calls the source when it releases a presence."""
ACTIVITIES = ("available", "away", "busy", "dnd", "meeting", "on-the-phone", "unavailable", "vacation")
"""Elements that tell a state; others among them tell of phones and keyboards."""

UNKNOWN = "unknown"
"""The state of an address that nobody has."""

_KEY = re.compile(r"[\x21-\x7e]{1,1024}")
_SOURCE = {"xmlns": "urn:cisco:params:xml:ns:pidf:source"}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class SessionEnded(ApiError):
    """The service does not know the key of the session (any more)."""


class WrongNode(ImpError):
    """The user is homed on another node; ``hosts`` are its names and addresses, as the service tells them."""

    default_code = "wrong-node"

    def __init__(self, message: str, hosts: tuple[str, ...]) -> None:
        super().__init__(message, details={"node": hosts[0]})
        self.hosts = hosts


@dataclass(frozen=True)
class Shown:
    """A user's presence as others see it.

    ``activity`` is one of :data:`ACTIVITIES`, empty when there is none. ``override`` tells whether a presence that was
    set through the service is in effect with override or as one more device; ``None`` when there is none. ``note`` is
    the text that goes with it.
    """

    activity: str
    override: bool | None
    note: str


@dataclass(frozen=True)
class NewPresence:
    """A presence to be set: ``expires`` in seconds; ``activity`` and ``note`` are for rich presence only."""

    basic: str
    activity: str
    override: bool
    expires: int
    note: str = ""

    @property
    def rich(self) -> bool:
        """Whether basic presence cannot say it: it has no note, and is not available with override (error 121)."""
        return bool(self.note) or (self.override and self.activity == "available")


class PresenceWebService:
    """The service of one node, with a session of the application user and one of each end user that it is about."""

    def __init__(self, transport: Transport, hide: Callable[[str], None]) -> None:
        self._transport = transport
        self._hide = hide
        self._key = ""
        self._keys: dict[str, str] = {}
        self._refused: ImpError | None = None

    def __enter__(self) -> PresenceWebService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.log_out()

    def log_in(self) -> None:
        """Log the application user in, unless it is; a refusal is repeated unsent, or it would lock the account."""
        if self._refused is not None:
            raise self._refused
        if self._key:
            return
        root = Element("session")
        soap.append(root, "password", self._transport.connection.password)
        path = f"/users/{_quoted(self._transport.connection.username)}/sessions"
        try:
            self._key = self._session(self._call("POST", path, body=_document(root), idempotent=True))
        except ConnectionFailed as failure:
            text = f"{failure.message} The Presence Web Service is a part of Cisco SIP Proxy: check whether it runs."
            raise ConnectionFailed(text, details=failure.details) from None
        except ApiError as refusal:
            self._refused = self._login_refused(refusal)
            raise self._refused from None

    def log_out(self) -> None:
        """End all sessions; one that cannot be ended now ends by itself, and the task's result does not hang on it.

        A session that the service refuses to end, for it has ended already, keeps none of the others open. A service
        that does not answer is not asked again for each user.
        """
        keys, self._keys = self._keys, {}
        key, self._key = self._key, ""
        with suppress(ImpError):
            for userid, own in keys.items():
                with suppress(ApiError):
                    self._log_out(userid, own)
        if key:
            with suppress(ImpError):
                self._log_out(self._transport.connection.username, key)

    def shown(self, userid: str, address: str) -> Shown:
        """Return how a user, with this IM address, is shown."""
        path = f"/presence/rich/contacts/{quote(address, safe='@')}"
        answer = self._for_user(userid, "GET", path)
        root = self._parsed(answer)
        for element in root.iter():
            person = soap.find(element, "person") if soap.local_name(element) == "presence" else None
            if person is None:
                continue
            if soap.find(person, "activities", UNKNOWN) is not None:
                text = f"{self._transport.server} knows nobody with the IM address {address}. Look at domain, or give "
                raise ImpError(f"{text}address for the user.", code="unknown-address")
            return _shown(element, person)
        raise UnexpectedAnswer(f"{self._transport.server} does not tell the presence of {userid}.")

    def set_presence(self, userid: str, address: str, new: NewPresence) -> None:
        """Set a user's presence by hand; raises ``AnswerLost`` when nobody knows whether it was set."""
        if new.rich:
            source = OVERRIDE if new.override else DEVICE
            self._put(userid, "rich", _rich(userid, address, new.activity, source, new.note), new.override, new.expires)
        else:
            root = Element("presence")
            root.text = new.basic
            self._put(userid, "basic", root, new.override, new.expires)

    def release(self, userid: str, address: str, expires: int) -> None:
        """Give back a presence that was set by hand; the service wants a time of expiry for that, too."""
        self._put(userid, "rich", _rich(userid, address, "clear", RELEASE, ""), False, expires)

    def _put(self, userid: str, kind: str, root: Element, override: bool, expires: int) -> None:
        headers = {"Presence-Override": "true" if override else "false", "Presence-Expiry": str(expires)}
        self._for_user(userid, "PUT", f"/presence/{kind}", body=_document(root), headers=headers)

    def _for_user(
        self,
        userid: str,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask with the key of a user's session."""

        def ask() -> Answer:
            key = self._user_key(userid)
            return self._call(method, f"/users/{_quoted(userid)}{path}", key=key, body=body, headers=headers)

        return self._anew(ask, lambda: self._keys.pop(userid, None), self._transport.connection.retries)

    def _user_key(self, userid: str) -> str:
        """Return the key of a user's session, which is made when there is none."""
        if userid not in self._keys:
            self._keys[userid] = self._anew(lambda: self._log_in_user(userid), self._forget_session, 0)
        return self._keys[userid]

    def _anew(self, ask: Callable[[], T], forget: Callable[[], object], retries: int) -> T:
        """Ask, and again without what is remembered of a session that has ended; after pauses so often beside that.

        Two runs about the same user take the session from each other, so each gives way a little longer every time.
        """
        attempt = 0
        while True:
            try:
                return ask()
            except SessionEnded:
                forget()
                if attempt > retries or (attempt and not self._transport.pause(attempt - 1)):
                    raise
            attempt += 1

    def _forget_session(self) -> None:
        self._key = ""

    def _log_in_user(self, userid: str) -> str:
        """Log an end user in; one that another application has logged in is taken over."""
        self.log_in()
        path = f"/users/{_quoted(userid)}"
        try:
            answer = self._call("POST", f"{path}/sessions", key=self._key, body=b"", idempotent=True)
        except ApiError as refusal:
            if refusal.code != str(ALREADY_LOGGED_IN):
                raise
            answer = self._call("PUT", f"{path}/session", key=self._key, body=b"", idempotent=True)
        return self._session(answer)

    def _log_out(self, userid: str, key: str) -> None:
        self._call("DELETE", f"/users/{_quoted(userid)}/session", key=key, idempotent=True)

    def _call(
        self,
        method: str,
        path: str,
        *,
        key: str = "",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
    ) -> Answer:
        sent = {"Accept": "application/xml", **(headers or {})}
        if body:
            sent["Content-Type"] = "application/xml"
        if key:
            sent["Presence-Session-Key"] = key
        answer = self._transport.request(
            method, BASE + path, body=body, headers=sent, idempotent=idempotent, busy=_not_now
        )
        if answer.status == 307:
            raise self._elsewhere(answer)
        if not answer.ok:
            raise self._error(answer)
        return answer

    def _session(self, answer: Answer) -> str:
        """Return the key that a login has brought."""
        key = soap.text(self._parsed(answer), "sessionKey").strip()
        if not _KEY.fullmatch(key):
            raise UnexpectedAnswer(f"{self._transport.server} accepted a login and told no session key.")
        self._hide(key)
        return key

    def _parsed(self, answer: Answer) -> Element:
        if len(answer.body) <= LARGEST_DOCUMENT:
            with suppress(soap.MalformedXml):
                return soap.parse_xml(answer.body)
        raise UnexpectedAnswer(
            f"{self._transport.server} answered HTTP {answer.status} with something else than the XML of the Presence "
            "Web Service. Check host and port.",
            details={"status": answer.status},
        )

    def _elsewhere(self, answer: Answer) -> ImpError:
        """Read where a user is homed: what the answer calls the primary server, and the host of ``Location``."""
        told = ["", ""]
        with suppress(UnexpectedAnswer):
            redirect = soap.find(self._parsed(answer), "redirect")
            told[0] = "" if redirect is None else redirect.get("primaryServer", "")
        with suppress(ValueError):
            told[1] = urlsplit(answer.headers.get("location", "")).hostname or ""
        hosts = tuple(dict.fromkeys(host for host in told if not check_host("node", host)))
        if not hosts:
            text = f"{self._transport.server} says that the user is homed elsewhere, and not on which node."
            return UnexpectedAnswer(text, details={"status": answer.status})
        return WrongNode(f"{self._transport.server} says that the user is homed on {hosts[0]}.", hosts)

    def _error(self, answer: Answer) -> ImpError:
        server, status = self._transport.server, answer.status
        number = error_number(answer.body) if len(answer.body) <= LARGEST_DOCUMENT else None
        if status == 401 or number in (NO_SESSION_KEY, INVALID_SESSION_KEY):
            told = number if number in (NO_SESSION_KEY, INVALID_SESSION_KEY) else INVALID_SESSION_KEY
            return SessionEnded(f"{server}: {ERRORS[told]}", status=status, code=str(told))
        if number is None:
            text = f"{server} answered HTTP {status}, not as the Presence Web Service does. Check host and port; the "
            return UnexpectedAnswer(
                f"{text}service is on IM and Presence nodes, port 8083.", details={"status": status}
            )
        told_text = ERRORS.get(number, "The collection does not know this error; look into Cisco's documentation.")
        return ApiError(f"{server}: {told_text} (error {number})", status=status, code=str(number))

    def _login_refused(self, refusal: ApiError) -> ImpError:
        """Say that the application user cannot log in, where the service says just that."""
        connection = self._transport.connection
        if refusal.code != str(LOGIN_FAILED) and not isinstance(refusal, SessionEnded):
            return refusal
        return Unauthorized(
            f"{self._transport.server} does not let {connection.username} log in: the password is wrong, or the user "
            f"may not. {connection.kind.account} {connection.kind.rights}",
            details={"server": self._transport.server, "status": refusal.status},
        )


def _not_now(answer: Answer) -> NotNow | None:
    """Return what an error means that passes by itself, by its number; the words of the service are not shown."""
    number = None if answer.ok or len(answer.body) > LARGEST_DOCUMENT else error_number(answer.body)
    return NotNow(f"error {number}: {ERRORS[number].partition('.')[0]}") if number in BUSY else None


def _quoted(userid: str) -> str:
    return quote(userid, safe="")


def _document(root: Element) -> bytes:
    """Return a document in UTF-8; raises :class:`InvalidInput` for a text that XML cannot carry, without the text."""
    if not all(soap.carries(text) for text in root.itertext()):
        raise InvalidInput(["A text, or the password, has a character that XML cannot carry."])
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f"{_DECLARATION}{text}".replace("\r", "&#13;").encode()


def _rich(userid: str, address: str, activity: str, source: str, note: str) -> Element:
    """Return a presence document (RFC 3863, with Cisco's elements) of a state that was set by hand."""
    root = Element("presence", {"entity": f"sip:{address}"})
    person = ElementTree.SubElement(root, "person", {"id": userid})
    soap.append(soap.append(person, "activities"), activity)
    soap.append(person, "class", "manual")
    if note:
        soap.append(person, "note", note)
    device = ElementTree.SubElement(root, "tuple", {"id": source})
    # Written as Cisco's own requests have it: no prefix, the namespace at the one element.
    ElementTree.SubElement(device, "source", _SOURCE).text = "Presence Web Service"
    soap.append(soap.append(device, "servcaps"), "text", "true")
    soap.append(soap.append(device, "status"), "basic", "open")
    return root


def _shown(presence: Element, person: Element) -> Shown:
    """Read a presence document of the service."""
    activities = soap.find(person, "activities")
    states = [] if activities is None else [soap.local_name(state) for state in activities]
    activity = next((state for state in states if state in ACTIVITIES), "")
    sources = {device.get("id", ""): device for device in soap.children(presence, "tuple")}
    overrides = [device for source, device in sources.items() if source in OVERRIDES]
    own = overrides[0] if overrides else sources.get(DEVICE)
    if own is None:
        return Shown(activity, None, "")
    note = soap.text(person, "note") or soap.text(own, "note")
    return Shown(activity, bool(overrides), note.strip())
