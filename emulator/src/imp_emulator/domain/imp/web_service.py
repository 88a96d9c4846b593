# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Presence Web Service of a node: endpoints, subscriptions, and whom a contact means (Cisco's cookbook).

An endpoint is called once when something has changed, and not again before its application has asked what: a public
client says so. Limits that nobody published are this project's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

from imp_emulator.catalogue.services import PRESENCE_ENGINE
from imp_emulator.domain.events import PresenceChanged
from imp_emulator.domain.imp import presence, services, web_sessions
from imp_emulator.domain.imp.presence import UserPresence
from imp_emulator.domain.imp.presence_rules import Manual
from imp_emulator.errors import Forbidden, InvalidValue, NotFound
from imp_emulator.letter_case import ascii_lower
from imp_emulator.scenario.reader import XML_TEXT
from imp_emulator.store import nodes
from imp_emulator.store.cucm import users
from imp_emulator.store.cucm.users import UserKey
from imp_emulator.store.imp import web_service as store
from imp_emulator.store.imp.web_service import Endpoint, Session, Subscription
from imp_emulator.world.context import Context

CALL = "web-service-call"
"""The kind of the jobs that call an endpoint; the key is a subscription's ``id``."""
SHORTEST, LONGEST = 3600, 86400
"""How long an endpoint, a subscription and a presence may last, in seconds."""
MOST_CONTACTS = 5000
MOST_ENDPOINTS = 1000
MOST_SUBSCRIPTIONS = 20_000
LONGEST_URL = 2048
LONGEST_CONTACT = 320
_CONTACT = re.compile(f"{XML_TEXT}{{1,{LONGEST_CONTACT}}}")
TRIES = 3
"""How many calls in a row an endpoint may leave unanswered; then it is dropped, with its subscriptions."""
RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as it was given, and what is shown of the user that it means.

    Attributes:
        user: ``None`` when it means nobody who is enabled for IM and Presence.
        display_name: The user's; empty when it means nobody.
    """

    uri: str
    user: UserPresence | None
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that has to be made: for a subscription, at a URL."""

    subscription: int
    endpoint: int
    url: str


def check_expiry(seconds: int) -> int:
    """Return a time to live in seconds; raises ``InvalidValue`` when it is out of range."""
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidValue("expiry-out-of-range", f"It must be {SHORTEST} to {LONGEST} seconds.")
    return seconds


def register(context: Context, session: Session, node: str, url: str, seconds: int) -> int:
    """Register where an application wants to be called and return the endpoint's number.

    Raises:
        InvalidValue: The URL cannot be called, or the time is out of range.
        Forbidden: The node has no free endpoint.
    """
    _check_url(url)
    now = context.clock.timestamp()
    store.purge(context.database, now)
    number = store.free_number(context.database, "endpoint", session.cluster, node, MOST_ENDPOINTS)
    if number is None:
        raise Forbidden("no-free-endpoint", "There is no free endpoint.")
    expires_at = now + check_expiry(seconds)
    store.add_endpoint(context.database, (session.cluster, node, number), session.id, url, expires_at)
    return number


def _check_url(url: str) -> None:
    if " " in url:
        raise InvalidValue("url-with-spaces", "The URL contains spaces.")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or len(url) > LONGEST_URL or any(ord(letter) < 32 or ord(letter) == 127 for letter in url):
        raise InvalidValue("no-url", "There is no URL that can be called.")


def renew_endpoint(context: Context, session: Session, node: str, number: int, seconds: int) -> None:
    """Have an endpoint last so many seconds from now. Raises as :func:`unregister` does, and ``InvalidValue``."""
    found = _endpoint(context, session.cluster, node, number, session.id)
    expires_at = context.clock.timestamp() + check_expiry(seconds)
    store.renew_endpoint(context.database, found.id, expires_at)


def unregister(context: Context, session: Session, node: str, number: int) -> None:
    """Forget an endpoint, and the subscriptions that are told there.

    Raises:
        NotFound: There is none of that number.
        Forbidden: It is another application's.
    """
    store.remove_endpoint(context.database, _endpoint(context, session.cluster, node, number, session.id).id)


def _endpoint(context: Context, cluster: str, node: str, number: int, owner: int | None) -> Endpoint:
    found = store.endpoint(context.database, cluster, node, number, context.clock.timestamp())
    if found is None:
        raise NotFound("endpoint-not-found", "There is no such endpoint.")
    if found.session != owner:
        raise Forbidden("endpoint-of-another", "The endpoint is another application's.")
    return found


def subscribe(context: Context, session: Session, node: str, uris: Sequence[str], endpoint: int, seconds: int) -> int:
    """Have an end user's application told of contacts and return the subscription's number.

    Args:
        endpoint: The number of an endpoint of that application.

    Raises:
        InvalidValue: The time or the number of contacts is out of range, or a contact is none.
        NotFound: There is no such endpoint.
        Forbidden: The endpoint is another application's, or the node has no free subscription.
    """
    wanted = _checked(uris, 0)
    where = _endpoint(context, session.cluster, node, endpoint, session.parent)
    now = context.clock.timestamp()
    expires_at = now + check_expiry(seconds)
    store.purge(context.database, now)
    number = store.free_number(context.database, "subscription", session.cluster, node, MOST_SUBSCRIPTIONS)
    if number is None:
        raise Forbidden("no-free-subscription", "There is no free subscription.")
    place = (session.cluster, node, number)
    identifier = store.add_subscription(context.database, place, session.id, where.id, expires_at)
    store.add_contacts(context.database, identifier, wanted)
    _wake(context, identifier)
    return number


def extend(
    context: Context, session: Session, node: str, number: int, uris: Sequence[str], seconds: int, endpoint: int | None
) -> None:
    """Add contacts to a subscription and have it last longer.

    Args:
        uris: May be empty when ``seconds`` is not 0.
        seconds: From now on; 0 leaves its end where it is, which is allowed with contacts only.
        endpoint: The number of another endpoint of the application, or ``None``.

    Raises:
        InvalidValue: The time or the number of contacts is out of range, or a contact is none.
        NotFound: There is no such subscription or endpoint.
        Forbidden: The subscription is another user's, or the endpoint another application's.
    """
    found = _subscription(context, session, node, number)
    wanted = _checked(uris, len(store.contacts(context.database, found.id))) if uris else []
    if endpoint is not None:
        where = _endpoint(context, session.cluster, node, endpoint, session.parent)
        store.move_subscription(context.database, found.id, where.id)
    if seconds or not wanted:
        store.renew_subscription(context.database, found.id, context.clock.timestamp() + check_expiry(seconds))
    if wanted:
        store.add_contacts(context.database, found.id, wanted)
        _wake(context, found.id)


def _checked(uris: Sequence[str], before: int) -> list[str]:
    if not 0 < len(uris) <= MOST_CONTACTS - before:
        raise InvalidValue("number-of-contacts", f"A subscription has 1 to {MOST_CONTACTS} contacts.")
    return [check_contact(uri) for uri in uris]


def check_contact(uri: str) -> str:
    """Return a contact's address without a scheme.

    Raises:
        InvalidValue: It has no user or no domain, is too long, or holds white space or what XML cannot carry.
    """
    address = uri.removeprefix("sip:")
    user, at, domain = address.rpartition("@")
    blank = any(letter.isspace() for letter in address)
    if not (at and user and domain) or blank or not _CONTACT.fullmatch(address):
        raise InvalidValue("contact-uri", "A contact is given as USER@DOMAIN.")
    return address


def unsubscribe(context: Context, session: Session, node: str, number: int, uris: Sequence[str] | None) -> None:
    """End a subscription (``None``), or take contacts out of it; one without contacts ends.

    Raises:
        NotFound: There is no such subscription.
        Forbidden: It is another user's.
        InvalidValue: One of the contacts is none of the subscription's.
    """
    found = _subscription(context, session, node, number)
    known = {ascii_lower(uri) for uri in store.contacts(context.database, found.id)}
    leaving = known if uris is None else {ascii_lower(check_contact(uri)) for uri in uris}
    if leaving - known:
        raise InvalidValue("contact-not-in-subscription", "A contact is not part of the subscription.")
    if leaving == known:
        store.remove_subscription(context.database, found.id)
        context.jobs.cancel(CALL, str(found.id))
    else:
        store.remove_contacts(context.database, found.id, leaving)


def set_presence(context: Context, session: Session, node: str, manual: Manual | None) -> None:
    """Set what an end user says of himself or herself, or give it back (``None``).

    Raises:
        Forbidden: The node's Presence Engine does not run.
    """
    if not services.is_running(context, session.cluster, node, PRESENCE_ENGINE):
        raise Forbidden("presence-not-set", "The presence could not be set.")
    presence.set_manual(context, session.cluster, web_sessions.name(context, session), manual)


def changes(context: Context, session: Session, node: str, number: int) -> list[Contact]:
    """Return the contacts of a subscription whose presence has changed since this was asked last; at first all.

    Raises:
        NotFound: There is no such subscription.
        Forbidden: It is another user's.
    """
    found = _subscription(context, session, node, number)
    changed = store.changed(context.database, found.id)
    store.asked(context.database, found.id)
    context.jobs.cancel(CALL, str(found.id))
    return [poll(context, session.cluster, uri) for uri in changed]


def _subscription(context: Context, session: Session, node: str, number: int) -> Subscription:
    found = store.subscription(context.database, session.cluster, node, number, context.clock.timestamp())
    if found is None:
        raise NotFound("subscription-not-found", "There is no such subscription.")
    if found.session != session.id:
        raise Forbidden("subscription-of-another", "The subscription is another user's.")
    return found


def poll(context: Context, cluster: str, uri: str) -> Contact:
    """Return a contact (an address that was checked) with what is shown of the user that it means.

    It is USERID@DOMAIN with the domain of the cluster, or a user's mail address or directory URI.
    """
    userid, _, domain = uri.rpartition("@")
    own = _domain(context, cluster).lower() == domain.lower()
    pkid = store.pkid_of_contact(context.database, cluster, uri, userid if own else "")
    user = None if pkid is None else users.user(context.database, cluster, UserKey("pkid", pkid))
    if user is None:
        return Contact(uri, None)
    try:
        shown = presence.of_user(context, cluster, user.userid)
    except NotFound:
        return Contact(uri, None)
    return Contact(uri, shown, user.display_name or f"{user.first_name} {user.last_name}".strip())


def note_change(context: Context, event: PresenceChanged) -> None:
    """Have the subscriptions to a user told that what is shown of the user is something else now."""
    if not store.any_subscription(context.database, event.cluster):
        return
    user = users.user(context.database, event.cluster, UserKey("pkid", event.pkid))
    own = f"{event.userid if user is None else user.userid}@{_domain(context, event.cluster)}"
    uris = [own] if user is None else [uri for uri in (own, user.mail, user.directory_uri) if uri]
    with context.database.transaction():
        for identifier in store.mark(context.database, event.cluster, uris):
            _wake(context, identifier)


def begin(context: Context) -> None:
    """Go on after a process that has ended: what changed at its end may have been told to nobody."""
    with context.database.transaction():
        for identifier in store.mark_all(context.database):
            store.set_told(context.database, identifier, told=False)
            _wake(context, identifier)


def _domain(context: Context, cluster: str) -> str:
    return next(known.domain for known in nodes.clusters(context.database) if known.name.lower() == cluster.lower())


def _wake(context: Context, identifier: int) -> None:
    """See to it that a subscription's endpoint is called, unless it was and its application has not asked since."""
    found = store.subscription_of_id(context.database, identifier, context.clock.timestamp())
    if found is not None and not found.told:
        context.jobs.at_once(CALL, str(identifier))


def due(context: Context, identifier: int) -> Call | None:
    """Return the call that has to be made now, and count it as made; ``None``: none has to."""
    found = store.subscription_of_id(context.database, identifier, context.clock.timestamp())
    if found is None or found.told or not store.changed(context.database, identifier):
        return None
    endpoint = store.endpoint_of(context.database, found)
    if endpoint is None:
        return None
    # Before the call: its application may ask what has changed before it answers.
    store.set_told(context.database, identifier, told=True)
    url = urldefrag(endpoint.url).url
    between = "&" if "?" in url else "?"
    return Call(identifier, endpoint.id, f"{url}{between}id={found.number}&eventType=PRESENCE_NOTIFICATION")


def answered(context: Context, call: Call) -> None:
    """Note that an endpoint has answered."""
    store.set_failures(context.database, call.endpoint, 0)
    found = store.subscription_of_id(context.database, call.subscription, context.clock.timestamp())
    if found is None or found.told:
        context.jobs.cancel(CALL, str(call.subscription))


def not_answered(context: Context, call: Call) -> None:
    """Note that an endpoint has not answered: it is called again later, or dropped with its subscriptions."""
    found = store.subscription_of_id(context.database, call.subscription, context.clock.timestamp())
    endpoint = None if found is None else store.endpoint_of(context.database, found)
    if found is None or endpoint is None:
        return
    if endpoint.failures + 1 >= TRIES:
        store.remove_endpoint(context.database, endpoint.id)
        return
    store.set_failures(context.database, endpoint.id, endpoint.failures + 1)
    store.set_told(context.database, call.subscription, told=False)
    context.jobs.add(CALL, str(call.subscription), context.clock.timestamp() + RETRY_SECONDS)
