# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ConvertId: the same id in the forms that different clients have of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from urllib.parse import quote, unquote

from imp_emulator.domain.exchange import mailboxes
from imp_emulator.errors import NotFound
from imp_emulator.wire.exchange.ews import ids
from imp_emulator.wire.exchange.ews.envelope import Call, Handler, attribute, listed, schema_violation
from imp_emulator.wire.exchange.ews.messages import XSI, Element, EwsError, error, m, response, success
from imp_emulator.wire.http import soap
from imp_emulator.world.context import Context


def _same(text: str) -> str:
    return text


def hexadecimal(text: str) -> str:
    """Return the id of EWS in the form HexEntryId."""
    return base64.b64decode(text).hex().upper()


def _from_hex(text: str) -> str:
    return base64.b64encode(binascii.unhexlify(text)).decode("ascii")


def _to_owa(text: str) -> str:
    return quote(text, safe="")


_FORMATS: Mapping[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "EwsLegacyId": (_same, _same),
    "EwsId": (_same, _same),
    "EntryId": (_same, _same),
    "HexEntryId": (hexadecimal, _from_hex),
    "StoreId": (_same, _same),
    "OwaId": (_to_owa, unquote),
}
"""By the name of a form: how to write it from the id of EWS, and how to read it."""


def _convert_id(context: Context, call: Call) -> Element:
    wanted = attribute(call.body, "DestinationFormat")
    if wanted not in _FORMATS:
        raise schema_violation(f"'{wanted[:40]}' is no form of ids.", call.body)
    answers = []
    for source in listed(call.body, "SourceIds"):
        try:
            answers.append(success("ConvertId", _converted(context, source, wanted)))
        except EwsError as why:
            answers.append(error("ConvertId", why))
    return response("ConvertId", answers)


def _converted(context: Context, source: Element, wanted: str) -> Element:
    if soap.local_name(source) != "AlternateId":
        raise EwsError("ErrorInvalidOperation", "There are no public folders here.")
    given, text = attribute(source, "Format"), attribute(source, "Id")
    if given not in _FORMATS:
        raise schema_violation(f"'{given[:40]}' is no form of ids.", source)
    try:
        identifier = _FORMATS[given][1](text)
        mailbox = mailboxes.get(context, ids.mailbox_of(identifier))
    except ValueError:
        raise EwsError("ErrorInvalidIdMalformed") from None
    except NotFound:
        raise EwsError("ErrorNonExistentMailbox") from None
    if mailboxes.find(context, attribute(source, "Mailbox")) is None:
        raise EwsError("ErrorNonExistentMailbox")
    found = m.AlternateId(Format=wanted, Id=_FORMATS[wanted][0](identifier), Mailbox=mailbox.address)
    found.set(f"{{{XSI}}}type", "t:AlternateIdType")
    return found


OPERATIONS: Mapping[str, Handler] = {"ConvertId": Handler(write=False, run=_convert_id)}
