# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP 1.1 envelopes: one hardened XML parser and the few helpers that every SOAP protocol shares."""

from __future__ import annotations

from xml.sax.saxutils import escape

from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
"""The namespace of SOAP 1.1, which all the emulated SOAP services speak."""

CONTENT_TYPE = "text/xml;charset=UTF-8"
MAXIMUM_BYTES = 16 * 1024 * 1024
MAXIMUM_DEPTH = 32
MAXIMUM_ATTRIBUTES = 32
MAXIMUM_TAGS = 100_000
"""A message of tiny elements would cost seconds to carry out, in which no other request is answered."""

_ENVELOPE_TAG, _HEADER_TAG, _BODY_TAG = (f"{{{ENVELOPE}}}{name}" for name in ("Envelope", "Header", "Body"))
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
)
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAXIMUM_DEPTH + 1) + ")")
_TOO_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*[@*[{MAXIMUM_ATTRIBUTES + 1}]])")
_OPENING = f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{ENVELOPE}"><soapenv:Body>'.encode()
_CLOSING = b"</soapenv:Body></soapenv:Envelope>"
_ASCII_STARTS = (b"<", b"\xef\xbb\xbf", b" ", b"\t", b"\r", b"\n")


class MalformedXml(Exception):
    """A body that is no acceptable SOAP 1.1 message; ``reason`` says why in one sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_xml(body: bytes) -> etree._Element:
    """Parse a document from the network.

    Raises:
        MalformedXml: It is no well-formed XML, holds a document type declaration, or passes a size limit. A DOCTYPE is
            refused before the parser sees it, so that entities are never even declared.
    """
    if len(body) > MAXIMUM_BYTES:
        raise MalformedXml(f"The message is larger than {MAXIMUM_BYTES} bytes.")
    if not body.startswith(_ASCII_STARTS):
        raise MalformedXml("The message is empty or not XML in an encoding that extends ASCII.")
    if body.count(b"<") > MAXIMUM_TAGS:
        raise MalformedXml(f"The message has more than {MAXIMUM_TAGS} tags.")
    if b"<!DOCTYPE" in body:
        raise MalformedXml("A document type declaration is not allowed.")
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedXml(f"The message is not well-formed: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedXml("A document type declaration is not allowed.")
    # A short message cannot break a limit, and counting is cheaper than walking the tree.
    if body.count(b"<") > MAXIMUM_DEPTH and _TOO_DEEP(root):
        raise MalformedXml(f"Elements are nested more than {MAXIMUM_DEPTH} deep.")
    if body.count(b"=") > MAXIMUM_ATTRIBUTES and _TOO_MANY_ATTRIBUTES(root):
        raise MalformedXml(f"An element has more than {MAXIMUM_ATTRIBUTES} attributes.")
    return root


def parse_envelope(body: bytes) -> tuple[etree._Element | None, etree._Element]:
    """Parse a SOAP 1.1 message into its header, if any, and the one element of its body.

    Raises:
        MalformedXml: See :func:`parse_xml`; also when there is no SOAP 1.1 envelope, no body, or not exactly one
            element in the body.
    """
    root = parse_xml(body)
    if root.tag != _ENVELOPE_TAG:
        raise MalformedXml(f"The document element is not a SOAP 1.1 Envelope but {root.tag}.")
    header = None
    for child in root:
        if child.tag == _HEADER_TAG and header is None:
            header = child
        elif child.tag == _BODY_TAG:
            if len(child) != 1:
                raise MalformedXml(f"The SOAP Body must hold one element, not {len(child)}.")
            return header, child[0]
        else:
            raise MalformedXml(f"Unexpected element {child.tag} in the SOAP Envelope.")
    raise MalformedXml("The SOAP Envelope has no Body.")


def envelope(content: bytes | etree._Element) -> bytes:
    """Wrap one body element (an element, or its markup in UTF-8) into a SOAP 1.1 message."""
    markup = content if isinstance(content, bytes) else etree.tostring(content)
    return _OPENING + markup + _CLOSING


def fault(code: str, message: str, detail: str = "") -> bytes:
    """Make a SOAP 1.1 fault message.

    Args:
        code: ``Client``, ``Server``, ``MustUnderstand`` or ``VersionMismatch``.
        message: The fault string, plain text.
        detail: Markup to stand inside ``<detail>``; without it the fault has none.
    """
    inside = f"<detail>{detail}</detail>" if detail else ""
    markup = (
        f"<soapenv:Fault><faultcode>soapenv:{code}</faultcode><faultstring>{text(message)}</faultstring>"
        f"{inside}</soapenv:Fault>"
    )
    return envelope(markup.encode())


_CARRIAGE_RETURN = {"\r": "&#13;"}


def text(value: str) -> str:
    """Escape a string as element content; a parser takes a bare carriage return for a line feed (XML 1.0, 2.11)."""
    return escape(value, _CARRIAGE_RETURN)


def split_tag(element: etree._Element) -> tuple[str, str]:
    """Return an element's namespace (``""`` for none) and local name."""
    tag = element.tag
    if tag[0] != "{":
        return "", tag
    namespace, _, name = tag[1:].partition("}")
    return namespace, name


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def content(element: etree._Element | None) -> str:
    """Return an element's text without surrounding white space; ``""`` for a missing or an empty element."""
    return (element.text or "").strip() if element is not None else ""


def children(element: etree._Element, name: str) -> list[etree._Element]:
    """Return the child elements of a local name, in document order, whatever their namespace."""
    return [child for child in element if local_name(child) == name]


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child element of a local name, whatever its namespace, or ``None``."""
    return next(iter(children(element, name)), None)
