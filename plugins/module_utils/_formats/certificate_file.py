# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Certificates and signing requests as files hold them: bytes in, DER out, or a sentence about what a file is instead.

Read are PEM (RFC 7468) with any line breaks, in UTF-8 or UTF-16, with text around it; DER; PKCS #7 in both, which
Windows gives as a certificate chain; the labels that OpenSSL writes. What is inside of a certificate is not read here
(``_certificates/x509.py``). No message repeats what may be a secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.ucops.imp.plugins.module_utils._formats import der, text_file
from ansible_collections.ucops.imp.plugins.module_utils._formats import der_kinds as kinds
from ansible_collections.ucops.imp.plugins.module_utils._formats.pkcs7 import bundled
from ansible_collections.ucops.imp.plugins.module_utils._formats.text_file import NotRead

LARGEST = 8 * 1024 * 1024
"""So many bytes are read at most; all authorities that a system trusts have less than one hundredth."""

_BLOCK = re.compile(r"-----BEGIN ([^\r\n-]{1,64})-----(.*?)-----END \1-----", re.DOTALL)
_BEGIN = re.compile(r"-----BEGIN [^\r\n-]{1,64}-----")
_BROKEN_MARKER = re.compile(r"BEGIN (?:[A-Z0-9]+ )*CERTIFICATE")
_END = re.compile(r"-----END [^\r\n-]{1,64}-----")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){30,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")
_ESCAPED_BREAK = re.compile(r"-----(?:\\r)?\\n")
_LABELS = {
    "CERTIFICATE": kinds.CERTIFICATE,
    "X509 CERTIFICATE": kinds.CERTIFICATE,
    "TRUSTED CERTIFICATE": kinds.CERTIFICATE,
    "CERTIFICATE REQUEST": kinds.REQUEST,
    "NEW CERTIFICATE REQUEST": kinds.REQUEST,
    "CERTIFICATE SIGNING REQUEST": kinds.REQUEST,
    "PKCS7": kinds.PKCS7,
    "PKCS #7 SIGNED DATA": kinds.PKCS7,
    "CERTIFICATE CHAIN": kinds.PKCS7,
    "CMS": kinds.PKCS7,
    "PKCS12": kinds.PKCS12,
    "X509 CRL": kinds.CRL,
    "PUBLIC KEY": kinds.PUBLIC_KEY,
    "RSA PUBLIC KEY": kinds.PUBLIC_KEY,
}
"""What a block should be by its label (RFC 7468, those of OpenSSL and Windows); its content counts where it is read."""

_DUE = {
    kinds.CERTIFICATE: "give certificates only",
    kinds.REQUEST: "give the request only",
}
_OTHER = {
    kinds.PRIVATE_KEY: "it holds a private key; {due}, and keep the key where it belongs.",
    kinds.PKCS12: "it is PKCS #12 (.pfx, .p12), which may hold a private key; {due}.",
    kinds.REQUEST: "it holds a certificate request (CERTIFICATE REQUEST); give the certificate that was issued for it.",
    kinds.CERTIFICATE: "it holds a certificate; give the signing request (-----BEGIN CERTIFICATE REQUEST-----).",
    kinds.CRL: "it holds a revocation list (X509 CRL); {due}.",
    kinds.PUBLIC_KEY: "it holds a public key alone; {due}.",
    kinds.PKCS7_OTHER: "it is PKCS #7 without certificates in it; {due}.",
    kinds.PKCS7: "it is PKCS #7; give a request of PKCS #10 (-----BEGIN CERTIFICATE REQUEST-----).",
}
_TEXTS = (
    ("<", "a web page or XML, and not what was to be downloaded"),
    (r'[{\[]\s*["{}\[\]]', "JSON, and not what was to be downloaded"),
    ("HTTP/", "the answer of a web server with its headers"),
    ("ssh-|ecdsa-|PuTTY|---- BEGIN SSH2", "a key of SSH"),
    (r"Certificate( Request)?:\s", "a printout for people without the PEM block"),
)
_MARKERS = {
    kinds.CERTIFICATE: "-----BEGIN CERTIFICATE-----",
    kinds.REQUEST: "-----BEGIN CERTIFICATE REQUEST-----",
}
_NONE = {
    kinds.CERTIFICATE: f"it holds no PEM certificate ({_MARKERS[kinds.CERTIFICATE]}).",
    kinds.REQUEST: f"it is no certificate signing request in PEM ({_MARKERS[kinds.REQUEST]}).",
}
_DUE_WORDS = {kinds.CERTIFICATE: "certificate", kinds.REQUEST: "request"}
_EMPTY = b"\0\t\n\r\x1a "
"""Bytes that may follow DER: a line break of an editor, padding, the end of a file of DOS."""


@dataclass(frozen=True)
class _Part:
    """One DER element of a file: what it is, its bytes, and where it stands."""

    kind: str
    element: der.Element | None
    place: str


def read_file(path: Path) -> bytes:
    """Return a file's bytes; raises ``OSError``, and :class:`NotRead` for what is no file or too large."""
    return text_file.content(path, LARGEST)


def given(content: str, path: str | None) -> bytes:
    """Return what a pair of options gives, a file or a text; raises as :func:`read_file`."""
    return read_file(Path(path)) if path else content.encode("utf-8", "replace")


def pem(label: str, data: bytes) -> str:
    """Return DER as a block of PEM, in the one form that RFC 7468 wants of who writes it."""
    body = base64.b64encode(data).decode("ascii")
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def held(text: str) -> list[bytes]:
    """Return what the blocks of a text hold that a server sends, whatever it is; raises :class:`NotRead`."""
    blocks = _BLOCK.findall(text)
    if not blocks or any(_LABELS.get(label) != kinds.CERTIFICATE for label, _body in blocks):
        raise NotRead("nothing is a certificate in PEM.")
    try:
        return [base64.b64decode("".join(body.split()), validate=True) for _label, body in blocks]
    except (binascii.Error, ValueError):
        raise NotRead("one is no base 64; it is damaged or cut off.") from None


def certificates(data: bytes) -> list[bytes]:
    """Return every certificate of a file, DER, in the file's order; raises :class:`NotRead`."""
    found: list[bytes] = []
    for part in _parts(data, kinds.CERTIFICATE):
        if part.element is None:
            tool = " Look at it with: openssl pkcs7 -print_certs." if part.kind == kinds.PKCS7 else ""
            raise NotRead(f"{part.place} cannot be read; it is damaged or cut off.{tool}")
        if part.kind == kinds.PKCS7:
            found += bundled(part.element)
        else:
            found.append(part.element.raw)
    return found


def request(data: bytes) -> bytes:
    """Return the one signing request (PKCS #10) of a file, DER; raises :class:`NotRead`."""
    found = _parts(data, kinds.REQUEST)
    if len(found) != 1:
        raise NotRead(f"it holds {len(found)} requests; give one.")
    if found[0].element is None:
        raise NotRead(f"{_NONE[kinds.REQUEST][:-1]} that can be read; it is damaged or cut off.")
    return found[0].element.raw


def _parts(data: bytes, due: str) -> list[_Part]:
    """Return what a file holds, at least one; raises :class:`NotRead` when it is something else than is due."""
    known = text_file.binary_kind(data)
    if known is not None:
        raise NotRead(f"it is {known}; {_DUE[due]}.")
    if _is_der(data):
        return _der_parts(data, due)
    text = text_file.decoded(data)
    if text is None and text_file.encoding_of(data)[0] != "utf-8":
        raise NotRead(text_file.wrong_encoding(data))
    # What stands around the blocks may be in any encoding, and blocks are ASCII.
    text = text if text is not None else data.decode("latin-1")
    if not text.strip("\0\t\n\r "):
        raise NotRead("it is empty.")
    return _pem_parts(text, due)


def _is_der(data: bytes) -> bool:
    """Whether a file begins as DER does: a sequence with a long length, or a short one that is the file's."""
    return data[:1] == b"\x30" and (data[1:2] >= b"\x80" or list(data[1:2]) == [len(data) - 2])


def _der_parts(data: bytes, due: str) -> list[_Part]:
    """Return the elements of a DER file; a line break at its end is none of it."""
    neither = f"it is neither a PEM nor a DER {_DUE_WORDS[due]}"
    try:
        found = [der.element(data)]
    except der.CutOff as error:
        raise NotRead(f"{neither}, but begins like DER and is cut off ({error}).") from None
    except der.Malformed:
        raise NotRead(f"{neither}.") from None
    rest = data[len(found[0].raw) :]
    if rest.strip(_EMPTY):
        try:
            found += der.listed(rest)
        except der.Malformed:
            raise NotRead(f"{neither}: {len(rest)} bytes that are no DER follow it.") from None
    parts = [_Part(kinds.kind_of(one), one, f"{_DUE_WORDS[due]} {number}") for number, one in enumerate(found, start=1)]
    for part in parts:
        _refuse_other(part.kind, due)
        if part.kind == kinds.UNKNOWN:
            raise NotRead(f"{neither}.")
    return parts


def _pem_parts(text: str, due: str) -> list[_Part]:
    if "PRIVATE KEY-----" in text:
        _refuse_other(kinds.PRIVATE_KEY, due)
    blocks = list(_BLOCK.finditer(text))
    begins = list(_BEGIN.finditer(text))
    if not blocks or len(blocks) != len(begins):
        raise NotRead(_no_blocks(text, begins, len(blocks), due))
    parts = []
    for number, block in enumerate(blocks, start=1):
        label, line = block.group(1), _line(text, block.start())
        if label not in _LABELS:
            raise NotRead(f"line {line}: it holds a block that is called {label}; {_DUE[due]} ({_MARKERS[due]}).")
        _check_block(text, block, f"{_DUE_WORDS[due]} {number}")
        parts.append(_part(label, block.group(2), f"line {line}: {_DUE_WORDS[due]} {number}"))
    for part in parts:
        _refuse_other(part.kind, due)
    return parts


def _check_block(text: str, block: re.Match[str], name: str) -> None:
    """Raise :class:`NotRead` when something stands in a block that is no base 64, and say what and where."""
    if "\\n" in block.group(2):
        raise NotRead(_escaped(_line(text, block.start())))
    strange = _NO_BASE64.search(text, block.start(2), block.end(2))
    if strange:
        sign = text_file.named(strange.group())
        raise NotRead(f"line {_line(text, strange.start())}: {name} cannot be read: {sign} stands in it; give it anew.")


def _part(label: str, content: str, place: str) -> _Part:
    """Return what stands in a block: its content decides, for Windows writes PKCS #7 with CERTIFICATE around it."""
    due = _LABELS[label]
    try:
        element = der.element(base64.b64decode("".join(content.split()), validate=True))
    except (binascii.Error, ValueError):
        return _Part(due, None, place)
    kind = kinds.kind_of(element)
    # Whatever nobody knows stays what its label says: a library may yet read it, or say that it cannot.
    return _Part(due if kind == kinds.UNKNOWN else kind, element, place)


def _refuse_other(kind: str, due: str) -> None:
    """Raise :class:`NotRead` for what is known and not due."""
    if kind in (due, kinds.UNKNOWN) or (due == kinds.CERTIFICATE and kind == kinds.PKCS7):
        return
    hint = (
        " Take them out with: openssl pkcs12 -in FILE -nokeys."
        if (kind, due) == (kinds.PKCS12, kinds.CERTIFICATE)
        else ""
    )
    raise NotRead(_OTHER[kind].format(due=_DUE[due]) + hint)


def _no_blocks(text: str, begins: list[re.Match[str]], blocks: int, due: str) -> str:
    """Say what a text is in which not every block has an end, or that has none."""
    escaped = _ESCAPED_BREAK.search(text)
    if escaped:
        return _escaped(_line(text, escaped.start()))
    if begins:
        return f"a PEM block in it has no matching end ({len(begins)} begin, {blocks} end); it is cut off or damaged."
    stripped = text.strip()
    kind = next((kind for form, kind in _TEXTS if re.match(form, stripped)), None)
    if kind is not None:
        return f"it is {kind}; {_DUE[due]}."
    if _END.search(text):
        return "a PEM block in it has no beginning; it is cut off or damaged."
    broken = _BROKEN_MARKER.search(text)
    if broken:
        line = f"line {_line(text, broken.start())}"
        return f"{line}: the marker {broken.group()} needs five hyphens before and after it; give the file anew."
    return _bare(stripped, due) or _NONE[due]


def _bare(text: str, due: str) -> str | None:
    """Say that a text is base 64 without its markers, or in hexadecimal, if it is."""
    compact = "".join(text.split())
    if _HEXADECIMAL.fullmatch(compact):
        return "it is hexadecimal; make bytes of it with: xxd -r -p."
    if not _BASE64.fullmatch(compact):
        return None
    try:
        data = base64.b64decode(compact)
        if _BEGIN.search(data.decode("latin-1")):
            return "it is PEM in base 64 once more; decode it with: base64 -d."
        kind = kinds.kind_of(der.element(data))
    except (binascii.Error, ValueError):
        return None
    _refuse_other(kind, due)
    if kind == kinds.UNKNOWN:
        return None
    return (
        f"it is base 64 without markers; put {_MARKERS[due]} in a line before it and "
        f"{_MARKERS[due].replace('BEGIN', 'END')} in one after it."
    )


def _escaped(line: int) -> str:
    return (
        f"line {line}: \\n stands in it as text where a line should end; give real line breaks (in YAML, a block that "
        "begins with |)."
    )


def _line(text: str, at: int) -> int:
    """Return the number of a line, counted from 1, whatever ends lines."""
    return len(re.findall(r"\r\n|\r|\n", text[:at])) + 1
