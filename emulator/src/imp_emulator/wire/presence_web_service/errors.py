# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of the Presence Web Service: Cisco's numbers and HTTP statuses, in this project's words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from imp_emulator.errors import DomainError


class WebServiceError(Exception):
    """A request that is refused with one of the numbers in :data:`ERRORS`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


ERRORS: Mapping[int, str] = {
    100: "The request has no session key.",
    101: "The session key is not valid.",
    102: "The XML of the request cannot be read.",
    103: "The root element of the request is not the expected one.",
    110: "The presence type is neither basic nor rich.",
    111: "The password is empty.",
    112: "The request is neither an application's login nor that of an end user.",
    113: "There is no such user.",
    114: "The login failed.",
    115: "The request says no basic presence.",
    120: "The presence could not be set.",
    121: "AVAILABLE cannot be set with override.",
    122: "DND cannot be set without override.",
    123: "An update of an endpoint must not have a URL.",
    124: "A contact is not given as USER@DOMAIN.",
    125: "The override is neither true nor false.",
    130: "The endpoint has no URL that can be called.",
    131: "The expiry is not between 3600 and 86400 seconds.",
    132: "There is no such endpoint.",
    133: "There is no such subscription.",
    134: "The type of the subscription is not PRESENCE_NOTIFICATION.",
    135: "The number of contacts is not between 1 and 5000.",
    136: "The endpoint is another application's.",
    137: "The subscription is another user's.",
    138: "No endpoint is free.",
    139: "No subscription is free.",
    140: "Only an end user can do this.",
    141: "Only an application can do this.",
    142: "The URL of the endpoint contains spaces.",
    143: "A contact is empty.",
    144: "A contact is not part of the subscription.",
    145: "The request has neither an expiry nor contacts.",
    146: "The request has no list of contacts.",
    147: "The list of contacts has another element.",
    148: "A contact has another attribute.",
    150: "The body of the request cannot be read.",
    160: "The user is logged in already.",
    161: "The tuple of an override is neither pws-override nor pws-persistent.",
    162: "The tuple has no source element of the Presence Web Service.",
    200: "The server has failed.",
    201: "The endpoint could not be unregistered.",
    202: "The contacts could not be subscribed to.",
    203: "The contacts could not be unsubscribed from.",
    204: "The presence could not be stored.",
    205: "The user could not be logged out.",
    206: "No number for the endpoint could be had.",
    207: "No number for the subscription could be had.",
    208: "The user could not be logged in.",
    209: "The endpoint could not be registered.",
    210: "The processor is too busy. Try again later.",
    211: "No SIP subscription is free. Ask for fewer contacts.",
    212: "There are too many requests a second. Try again later.",
}
"""What each number means. 200 to 212 are answered only where an injected fault says so."""

_STATUS: Mapping[int, int] = {
    **dict.fromkeys(range(200, 210), HTTPStatus.INTERNAL_SERVER_ERROR),
    **dict.fromkeys(range(210, 213), HTTPStatus.SERVICE_UNAVAILABLE),
    100: HTTPStatus.UNAUTHORIZED,
    101: HTTPStatus.UNAUTHORIZED,
    113: HTTPStatus.NOT_FOUND,
    160: HTTPStatus.CONFLICT,
}

_NUMBERS: Mapping[str, int] = {
    "already-logged-in": 160,
    "contact-not-in-subscription": 144,
    "contact-uri": 124,
    "endpoint-not-found": 132,
    "endpoint-of-another": 136,
    "expiry-out-of-range": 131,
    "manual-note": 120,
    "no-free-endpoint": 138,
    "no-free-subscription": 139,
    "no-url": 130,
    "number-of-contacts": 135,
    "presence-not-set": 120,
    "subscription-not-found": 133,
    "subscription-of-another": 137,
    "url-with-spaces": 142,
    "user-not-found": 113,
}


def status(number: int) -> int:
    """Return the HTTP status that an error is answered with."""
    return int(_STATUS.get(number, HTTPStatus.BAD_REQUEST))


def number_of(error: DomainError) -> int:
    """Return the number for what the rules refuse; 200 for what the service knows nothing of."""
    return _NUMBERS.get(error.code, 200)
