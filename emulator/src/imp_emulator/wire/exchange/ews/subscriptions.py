# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscribe, Unsubscribe, GetEvents and GetStreamingEvents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from imp_emulator.domain.exchange import folders, mailboxes, streaming, subscriptions, throttling
from imp_emulator.domain.exchange.event_log import EventKind
from imp_emulator.domain.exchange.subscriptions import PULL, PUSH, STREAMING, Subscription, Wanted
from imp_emulator.errors import DomainError
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.access import folder_of
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, flag, required, schema_violation
from imp_emulator.wire.exchange.ews.messages import Element, EwsError, m, response, success
from imp_emulator.wire.exchange.ews.notifications import notification
from imp_emulator.wire.exchange.ews.streaming import EventStream, refused
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context

MOST_SUBSCRIPTIONS = 200
"""How many subscriptions one connection may stream."""

_METHODS: Mapping[str, str] = {
    "PushSubscriptionRequest": PUSH,
    "PullSubscriptionRequest": PULL,
    "StreamingSubscriptionRequest": STREAMING,
}
_MINUTES: Mapping[str, str] = {PUSH: "StatusFrequency", PULL: "Timeout"}
_CODES: Mapping[str, str] = {
    "push-url-invalid": "ErrorInvalidPushSubscriptionUrl",
    "subscription-access-denied": "ErrorSubscriptionAccessDenied",
    "subscription-count": "ErrorExceededSubscriptionCount",
    "subscription-not-found": "ErrorSubscriptionNotFound",
    "subscription-not-pull": "ErrorInvalidPullSubscriptionId",
    "subscription-not-streaming": "ErrorInvalidSubscription",
    "watermark-invalid": "ErrorInvalidWatermark",
}
"""What the rules refuse, by its words on the wire."""


def _subscribe(context: Context, call: Call) -> Element:
    request = call.body[0] if len(call.body) == 1 else None
    method = None if request is None else _METHODS.get(soap.local_name(request))
    if request is None or method is None:
        raise schema_violation("The element 'Subscribe' wants one subscription request.", call.body)
    mailbox, in_calendar = _place(context, call, request)
    wanted = Wanted(
        mailbox=mailbox,
        caller=call.caller,
        server=call.server,
        method=method,
        version=call.version.label,
        events=_events(request),
        in_calendar=in_calendar,
        minutes=_minutes(request, method),
        url=soap.content(required(request, "URL")) if method == PUSH else "",
        watermark=None if method == STREAMING else _watermark(request),
    )
    with _refusals():
        throttling.check_subscriptions(context, _address(call), subscriptions.count(context, mailbox))
        made = subscriptions.subscribe(context, wanted)
    content = [m.SubscriptionId(made.id)]
    if method != STREAMING:
        content.append(m.Watermark(made.watermark))
    return response("Subscribe", [success("Subscribe", *content)])


def _address(call: Call) -> str:
    """Return whose budget a subscription is charged to: the mailbox acted for, whoever asks."""
    return "" if call.mailbox is None else call.mailbox.address


def _place(context: Context, call: Call, request: Element) -> tuple[int, bool]:
    """Return the mailbox of a subscription, and whether its calendar is among the folders.

    Raises:
        EwsError: Folders are named twice over or not at all, of several mailboxes, or of one that is not the caller's.
    """
    listed = soap.child(request, "FolderIds")
    everything = flag(request.get("SubscribeToAllFolders"))
    if everything == (listed is not None):
        raise EwsError("ErrorInvalidSubscriptionRequest", "A subscription is to folders that it lists, or to all.")
    if listed is None:
        if call.mailbox is None:
            raise EwsError("ErrorNonExistentMailbox")
        return call.mailbox.id, True
    if len(listed) == 0:
        raise schema_violation("The element 'FolderIds' names no folder.", listed)
    if len({_owner(context, call, wanted) for wanted in listed}) > 1:
        raise EwsError("ErrorInvalidSubscriptionRequest")
    found = [folder_of(context, call, wanted) for wanted in listed]
    return found[0][0].id, any(folder.name == folders.CALENDAR for _, folder in found)


def _owner(context: Context, call: Call, folder: Element) -> int | None:
    """Return whose folder an id means, whether or not the caller may open it; ``None`` for nobody's."""
    if soap.local_name(folder) == "FolderId":
        return ids.parse_folder_id(folder.get("Id", ""))[0]
    named = soap.child(folder, "Mailbox")
    owner = call.mailbox
    if named is not None:
        owner = mailboxes.find(context, soap.content(soap.child(named, "EmailAddress")))
    return None if owner is None else owner.id


def _events(request: Element) -> tuple[EventKind, ...]:
    listed = soap.children(required(request, "EventTypes"), "EventType")
    try:
        kinds = tuple(dict.fromkeys(EventKind(soap.content(kind)) for kind in listed))
    except ValueError:
        raise schema_violation("A kind of event is none that can be subscribed to.", request) from None
    if not kinds:
        raise schema_violation("The element 'EventTypes' names no kind of event.", request)
    return kinds


def _minutes(request: Element, method: str) -> int:
    if method == STREAMING:
        return subscriptions.STREAMING_MINUTES
    return _number(required(request, _MINUTES[method]), subscriptions.MINUTES)


def _number(element: Element, allowed: range) -> int:
    text = soap.content(element)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) in allowed):
        rule = f"'{soap.local_name(element)}' must be a number from {allowed[0]} to {allowed[-1]}."
        raise schema_violation(rule, element)
    return int(text)


def _watermark(request: Element) -> str | None:
    # Whatever its namespace: exchangelib writes it in that of the messages, where the schema wants the types.
    found = soap.child(request, "Watermark")
    return None if found is None else soap.content(found)


def _unsubscribe(context: Context, call: Call) -> Element:
    with _refusals():
        subscriptions.unsubscribe(context, _identifier(call.body), call.caller)
    return response("Unsubscribe", [success("Unsubscribe")])


def _get_events(context: Context, call: Call) -> Element:
    watermark = soap.content(required(call.body, "Watermark"))
    with _refusals():
        found = subscriptions.pull(context, _identifier(call.body), call.caller, watermark)
    return response("GetEvents", [success("GetEvents", notification(found))])


def _identifier(body: Element) -> str:
    return soap.content(required(body, "SubscriptionId"))


def _get_streaming_events(context: Context, call: Call) -> Element | EventStream:
    listed = soap.children(required(call.body, "SubscriptionIds"), "SubscriptionId")
    minutes = _number(required(call.body, "ConnectionTimeout"), streaming.MINUTES)
    identifiers = list(dict.fromkeys(soap.content(element) for element in listed))
    if not all(identifiers) or not identifiers:
        raise schema_violation("The element 'SubscriptionIds' names no subscription, or one without its id.", call.body)
    if len(identifiers) > MOST_SUBSCRIPTIONS:
        text = f"A connection streams {MOST_SUBSCRIPTIONS} subscriptions at most."
        raise EwsError("ErrorInvalidSubscription", text)
    found: list[Subscription] = []
    wrong: dict[str, EwsError] = {}
    for identifier in identifiers:
        try:
            with _refusals():
                found.append(subscriptions.streamed(context, identifier, call.caller))
        except EwsError as why:
            wrong[identifier] = why
    if wrong:
        return refused(next(iter(wrong.values())), list(wrong))
    return EventStream(context, call.server, found, minutes)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say what the rules refuse in the words of the wire."""
    try:
        yield
    except DomainError as error:
        if error.code not in _CODES:
            raise
        raise EwsError(_CODES[error.code], error.message) from None


OPERATIONS: Mapping[str, Handler] = {
    "Subscribe": Handler(write=True, run=_subscribe),
    "Unsubscribe": Handler(write=True, run=_unsubscribe),
    # It notes that the subscription is in use.
    "GetEvents": Handler(write=True, run=_get_events),
    "GetStreamingEvents": Handler(write=True, run=_get_streaming_events, hanging=True),
}
