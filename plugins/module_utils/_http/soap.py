# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""SOAP 1.1 envelopes, built and read with the standard library.

The children of a message are qualified in some interfaces and not in others. Answers are therefore read by local name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput, UnexpectedAnswer

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
"""The SOAP 1.1 namespace; no server here speaks another version."""

ElementTree.register_namespace("soapenv", ENVELOPE)

CONTENT_TYPE = "text/xml; charset=utf-8"
"""What a SOAP 1.1 request is sent as."""

_UNCARRIED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 forbids (section 2.2)."""
_FAULT_WITHIN = 4096
"""Bytes. A fault stands at the beginning of its envelope, after headers that no server here is known to send."""
_DECLARATION = "<?xml version='1.0' encoding='utf-8'?>\n"


class MalformedXml(UnexpectedAnswer):
    """What was received is not a SOAP envelope, or not XML, or XML that is not to be trusted."""


class SoapFault(Exception):
    """The service answered with a SOAP fault.

    Args:
        code: The ``faultcode``, without its namespace prefix: ``Server``, ``Client``.
        message: The ``faultstring``.
        detail: The ``detail`` element, or ``None``; there an interface puts errors of its own.
    """

    def __init__(self, code: str, message: str, detail: Element | None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


class _Builder(TreeBuilder):
    """Builds the tree of a document without a document type: entities and external files have no place in SOAP."""

    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        """Called by the parser at the declaration, before any entity in it is read."""
        raise MalformedXml(f"The answer declares a document type ({name}), which SOAP forbids.")


def envelope(content: Element) -> bytes:
    """Return ``content`` as the only child of the Body of a SOAP 1.1 envelope, in UTF-8.

    Raises :class:`InvalidInput` for a text that XML cannot carry: the server would only call the message malformed.
    """
    root = Element(f"{{{ENVELOPE}}}Envelope")
    ElementTree.SubElement(root, f"{{{ENVELOPE}}}Header")
    ElementTree.SubElement(root, f"{{{ENVELOPE}}}Body").append(content)
    for element in content.iter():
        if not carries(element.text or ""):
            raise InvalidInput([f"{str(element.text)[:60]!r} has a character that XML cannot carry."])
    # Made as text and encoded at once: ElementTree encodes piece by piece, which takes half as long again.
    document: str = ElementTree.tostring(root, encoding="unicode")
    # A bare carriage return would be read as a line feed (XML 1.0, section 2.11), and so as another name.
    return f"{_DECLARATION}{document}".replace("\r", "&#13;").encode()


def carries(text: str) -> bool:
    """Whether a message can hold this text so that the other side reads just that."""
    return _UNCARRIED.search(text) is None


def parse(document: bytes) -> Element:
    """Return the first element in the Body of an envelope.

    Raises ``SoapFault`` when that is a fault, and ``MalformedXml`` when there is no such element, when the document is
    not well formed, or when it declares a document type (SOAP 1.1, section 3).
    """
    root = parse_xml(document)
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise MalformedXml(f"The answer is not a SOAP envelope but <{local_name(root)}>.")
    body = root.find(f"{{{ENVELOPE}}}Body")
    content = None if body is None else next(iter(body), None)
    if content is None:
        raise MalformedXml("The SOAP envelope has an empty Body.")
    if content.tag == f"{{{ENVELOPE}}}Fault":
        raise _fault(content)
    return content


def fault_of(document: bytes) -> SoapFault | None:
    """Return the fault that a document is, ``None`` for any other; a long answer is not read for it."""
    if b"Fault" not in document[:_FAULT_WITHIN]:
        return None
    try:
        parse(document)
    except SoapFault as fault:
        return fault
    except MalformedXml:
        pass
    return None


def parse_xml(document: bytes) -> Element:
    """Return the root of any document; raises ``MalformedXml`` when it is not well formed or declares a type."""
    try:
        # No document type, so no entities of the document's own: what S314 warns of cannot happen.
        return ElementTree.fromstring(document, XMLParser(target=_Builder()))  # noqa: S314
    except (ParseError, LookupError) as error:  # LookupError: an encoding that Python does not know
        raise MalformedXml(f"The answer is not well-formed XML: {error}.") from error


def _fault(element: Element) -> SoapFault:
    code = text(element, "faultcode").rpartition(":")[2]
    return SoapFault(code, text(element, "faultstring").strip(), find(element, "detail"))


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """Yield the direct children with that local name, in document order."""
    return (child for child in element if local_name(child) == name)


def find(element: Element, *path: str) -> Element | None:
    """Return the first element at a path of local names below ``element``; ``None`` when a step is missing."""
    found: Element | None = element
    for name in path:
        if found is None:
            return None
        found = next(children(found, name), None)
    return found


def text(element: Element, *path: str) -> str:
    """Return the text of the element at a path of local names; empty when it is missing or has no text."""
    found = find(element, *path)
    return "" if found is None or found.text is None else found.text


def texts(element: Element) -> dict[str, str]:
    """Return the texts of all children by local name: of each name that of the first, as :func:`text` does."""
    return {child.tag.rpartition("}")[2]: child.text or "" for child in reversed(element)}


def append(parent: Element, name: str, value: str | None = None) -> Element:
    """Add a child with that (unqualified or ``{namespace}``) name and optional text to ``parent`` and return it."""
    child = ElementTree.SubElement(parent, name)
    child.text = value
    return child
