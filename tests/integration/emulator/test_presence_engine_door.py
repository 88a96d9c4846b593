# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door of a Presence Engine, at which Exchange's notifications come in: what is let in, and what is answered."""

from __future__ import annotations

from imp_emulator.domain.imp import following
from imp_emulator.domain.imp.services import Action
from imp_emulator.engine import outgoing
from tests.support.presence_site import CLUSTER, NODE, ONE, TWO, Play, Site


def message(subscription: str, event: str = "ModifiedEvent", response: str = "Success") -> bytes:
    namespaces = (
        'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
        ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
    )
    told = f"<t:SubscriptionId>{subscription}</t:SubscriptionId><t:{event}><t:Watermark>AAA=</t:Watermark></t:{event}>"
    return (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" {namespaces}><s:Body><m:SendNotification>'
        f'<m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="{response}">'
        f"<m:Notification>{told}</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages>"
        "</m:SendNotification></s:Body></s:Envelope>"
    ).encode()


async def posted(site: Site, token: str, body: bytes, node: str = NODE) -> tuple[int, str]:
    """Send something to the door of a node's engine; returns status and answer."""
    host, port = site.environment.engine_listeners[CLUSTER, node]
    url = f"http://{host}:{port}{following.PATH}{token}"
    answer = await outgoing.post(site.environment.context, url, body, {"Content-Type": "text/xml; charset=utf-8"})
    return answer.status, answer.body.decode()


def test_the_door_lets_in_what_belongs_to_a_subscription_and_ends_all_else(play: Play) -> None:
    async def conversation(site: Site) -> None:
        user, other = site.known(ONE), site.known(TWO)
        good = message(user.subscription)
        cases = [
            (user.token, good, NODE, "OK"),
            (user.token, message(user.subscription, "StatusEvent"), NODE, "OK"),
            ("unknown", good, NODE, "Unsubscribe"),
            (user.token, message(other.subscription), NODE, "Unsubscribe"),
            (user.token, good, "imp-sub", "Unsubscribe"),
            (other.token, good, "imp-sub", "Unsubscribe"),
        ]
        for token, body, node, expected in cases:
            status, answer = await posted(site, token, body, node)
            assert (status, f">{expected}<" in answer) == (200, True), (token, node, expected)
        site.control(Action.STOP)
        assert ">Unsubscribe<" in (await posted(site, site.known(ONE).token, good))[1]

    play(conversation)


def test_exchanges_word_that_a_subscription_has_ended_is_taken(play: Play) -> None:
    async def conversation(site: Site) -> None:
        user = site.known(ONE)
        status, answer = await posted(site, user.token, message(user.subscription, response="Error"))
        assert (status, ">Unsubscribe<" in answer) == (200, True)
        await site.quiet()
        assert site.known(ONE).subscription not in ("", user.subscription)
        assert site.known(ONE).gateway == user.gateway

    play(conversation)


def test_what_is_no_notification_is_answered_with_a_fault(play: Play) -> None:
    cases = [
        (b"", "empty"),
        (b"<x/>", "not a SOAP 1.1 Envelope"),
        (b'<!DOCTYPE x [<!ENTITY e "OK">]>' + message("s"), "document type"),
        (message("s").replace(b"SendNotification>", b"Other>"), "no operation Other"),
    ]

    async def conversation(site: Site) -> None:
        before = site.known(ONE)
        for body, words in cases:
            status, answer = await posted(site, before.token, body)
            assert (status, "faultcode>soapenv:Client<" in answer, words in answer) == (500, True, True), answer
        assert site.known(ONE) == before

    play(conversation)
