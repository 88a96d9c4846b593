# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP envelopes: what is built can be read, and what is not to be trusted is refused."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest
from ansible_collections.ucops.imp.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.ucops.imp.plugins.module_utils._http import soap
from hypothesis import given
from hypothesis import strategies as st

OPEN = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body>'
CLOSE = "</e:Body></e:Envelope>"

# What XML 1.0 can hold at all; carriage returns are normalised by every parser.
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), include_characters="\t\n"))


@given(XML_TEXT)
def test_a_built_envelope_reads_back(value: str) -> None:
    request = Element("{urn:example}getThing", {"sequence": "1"})
    soap.append(request, "key", value)
    content = soap.parse(soap.envelope(request))
    assert content.tag == "{urn:example}getThing"
    assert content.get("sequence") == "1"
    assert soap.text(content, "key") == value


@pytest.mark.parametrize("value", ["a\x00b", "\x1b", "\ufffe", "\ud800"])
def test_what_xml_cannot_carry_is_not_sent(value: str) -> None:
    request = Element("{urn:example}getThing")
    soap.append(request, "key", value)
    with pytest.raises(InvalidInput, match="XML cannot carry"):
        soap.envelope(request)


def test_children_are_unqualified_unless_named_otherwise() -> None:
    request = Element("{urn:example}outer")
    soap.append(soap.append(request, "plain"), "{urn:example}qualified")
    document = soap.envelope(request)
    assert b"<plain>" in document
    assert b"qualified" in document
    assert b"xmlns=" not in document


def test_fault_is_raised_with_its_parts() -> None:
    fault = (
        "<e:Fault><faultcode>e:Client</faultcode><faultstring> Not so. </faultstring>"
        "<detail><axlError><axlcode>5007</axlcode></axlError></detail></e:Fault>"
    )
    with pytest.raises(soap.SoapFault) as caught:
        soap.parse((OPEN + fault + CLOSE).encode())
    assert (caught.value.code, caught.value.message) == ("Client", "Not so.")
    assert caught.value.detail is not None
    assert soap.text(caught.value.detail, "axlError", "axlcode") == "5007"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not well-formed"),
        (b"HTTP Status 404", "not well-formed"),
        (b"<html><body/></html>", "not a SOAP envelope but <html>"),
        ((OPEN + CLOSE).encode(), "empty Body"),
        (b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"/>', "empty Body"),
        (b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"/>', "not a SOAP envelope"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "not well-formed"),
        ((OPEN + "<a>&undeclared;</a>" + CLOSE).encode(), "not well-formed"),
        (b"<!DOCTYPE a>" + (OPEN + "<a/>" + CLOSE).encode(), "document type"),
    ],
)
def test_what_is_no_envelope_is_refused(document: bytes, reason: str) -> None:
    with pytest.raises(soap.MalformedXml, match=reason) as caught:
        soap.parse(document)
    assert caught.value.code == "unexpected-answer"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_before_they_are_read(encoding: str) -> None:
    """A "billion laughs" document, in every encoding that the parser knows."""
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    document = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a9;</x>'
    with pytest.raises(soap.MalformedXml, match="document type"):
        soap.parse(document.encode(encoding))


def test_paths_stop_at_a_missing_step() -> None:
    content = soap.parse((OPEN + '<n:a xmlns:n="urn:n"><n:b>x</n:b><n:b>y</n:b><c/></n:a>' + CLOSE).encode())
    assert soap.text(content, "b") == "x"
    assert [child.text for child in soap.children(content, "b")] == ["x", "y"]
    assert soap.text(content, "c") == ""
    assert soap.text(content, "missing", "b") == ""
    assert soap.find(content, "missing", "b") is None
