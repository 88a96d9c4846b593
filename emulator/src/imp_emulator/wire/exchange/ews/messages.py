# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements of answers: makers, response messages, SOAP faults, and the error that a handler raises."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from typing import Protocol as Interface

from lxml import etree
from lxml.builder import ElementMaker  # type: ignore[import-not-found]  # the stubs lack it

from imp_emulator.wire.exchange.ews.faults import ERRORS, Error, Shape
from imp_emulator.wire.http import soap

M = "http://schemas.microsoft.com/exchange/services/2006/messages"
T = "http://schemas.microsoft.com/exchange/services/2006/types"
E = "http://schemas.microsoft.com/exchange/services/2006/errors"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

Element = etree._Element

_PREFIXES = {"m": M, "t": T}


class Maker(Interface):
    """Makes elements of a namespace: ``t.Name("x")``, or ``t("Name", "x")`` where the name is in a variable.

    What follows the name are texts, elements and mappings of attributes.
    """

    def __call__(self, tag: str, *content: Any, **attributes: str) -> Element:
        """Make an element."""

    def __getattr__(self, tag: str) -> Callable[..., Element]:
        """Return what makes elements of a name."""


m: Maker = ElementMaker(namespace=M, nsmap=_PREFIXES)
"""Makes elements of the messages namespace."""
t: Maker = ElementMaker(namespace=T, nsmap=_PREFIXES)
"""Makes elements of the types namespace."""

_BARE = ("GetUserOofSettings", "SetUserOofSettings")
"""Operations whose answer holds one response message, and no list of them."""
_AVAILABILITY = "GetUserAvailability"
_EMPTY: Mapping[str, tuple[str, ...]] = {"GetItem": ("Items",), "CreateItem": ("Items",), "UpdateItem": ("Items",)}
"""What the schema wants in a response message that tells of nothing."""


class EwsError(Exception):
    """An error to answer with.

    Args:
        code: Microsoft's word for it, for example ``ErrorItemNotFound``.
        text: What to say; by default what :data:`ERRORS` says of the code.
        fault: Whether the whole request fails with a SOAP fault (HTTP status 500), or what was asked with a response
            message (200); by default as in :data:`ERRORS`.
        values: Further ones of its ``MessageXml``, for example ``{"BackOffMilliseconds": "300000"}``.
    """

    def __init__(
        self,
        code: str,
        text: str | None = None,
        *,
        fault: bool | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        known = ERRORS.get(code, Error(Shape.MESSAGE, "The request cannot be carried out."))
        self.code = code
        self.text = known.text if text is None else text
        self.fault = known.shape is Shape.FAULT if fault is None else fault
        self.warning = known.shape is Shape.WARNING
        self.values = dict(values or {})
        super().__init__(f"{code}: {self.text}")


def response(name: str, messages: Iterable[Element]) -> Element:
    """Return the answer of an operation: its response messages, one for each thing that was asked."""
    return m(f"{name}Response", m.ResponseMessages(*messages))


def success(name: str, *content: Element) -> Element:
    """Return the response message of something that was done."""
    return m(f"{name}ResponseMessage", m.ResponseCode("NoError"), *content, ResponseClass="Success")


def error(name: str, why: EwsError, *content: Element) -> Element:
    """Return the response message of something that could not be done, or of a warning with its content.

    Raises:
        EwsError: The one given, when it is one with which the whole request fails.
    """
    if why.fault:
        raise why
    return _message(f"{name}ResponseMessage", why, *content)


def bare_success() -> Element:
    """Return the one response message of operations that have no list of them."""
    return m.ResponseMessage(m.ResponseCode("NoError"), ResponseClass="Success")


def bare_error(why: EwsError) -> Element:
    """Return the one response message of operations that have no list of them, with an error."""
    return _message("ResponseMessage", why)


def refusal(name: str, why: EwsError) -> Element:
    """Return the answer of an operation that could not be carried out at all."""
    if why.fault:
        return fault(why)
    if name in _BARE:
        return m(f"{name}Response", bare_error(why))
    if name == _AVAILABILITY:
        return m(f"{name}Response", m.FreeBusyResponseArray(m.FreeBusyResponse(bare_error(why))))
    return response(name, [error(name, why, *(m(tag) for tag in _EMPTY.get(name, ())))])


def fault(why: EwsError) -> Element:
    """Return a SOAP fault; its HTTP status is 500."""
    e: Maker = ElementMaker(namespace=E, nsmap={"e": E})
    s: Maker = ElementMaker(namespace=soap.ENVELOPE, nsmap={"s": soap.ENVELOPE})
    plain: Maker = ElementMaker()
    coded: Maker = ElementMaker(nsmap={"a": T})
    code = coded.faultcode(f"a:{why.code}")
    text = plain.faultstring(why.text)
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en-US")
    detail = plain.detail(e.ResponseCode(why.code), e.Message(why.text))
    if why.values:
        detail.append(_values(t.MessageXml(), why.values))
    return s.Fault(code, text, detail)


def _message(tag: str, why: EwsError, *content: Element) -> Element:
    inside = [m.MessageText(why.text), m.ResponseCode(why.code), m.DescriptiveLinkKey("0")]
    if why.values:
        inside.append(_values(m.MessageXml(), why.values))
    return m(tag, *inside, *content, ResponseClass="Warning" if why.warning else "Error")


def _values(parent: Element, values: Mapping[str, str]) -> Element:
    """Fill a ``MessageXml``; where a document breaks a rule has elements of its own."""
    for name, value in values.items():
        own = name in ("LineNumber", "LinePosition", "Violation")
        parent.append(t(name, value) if own else t.Value(value, Name=name))
    return parent
