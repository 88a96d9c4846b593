# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""Files that people hand over, as bytes and as text: how they are encoded, and what one is that is no text.

Pure, but for :func:`content`. Windows writes UTF-16 and UTF-8 with a byte order mark where others write UTF-8. A file
that is something else is named for what it is: nobody sees from "not UTF-8" that it is an Excel workbook.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import Path

LARGEST = 64 * 1024 * 1024
"""So many bytes of a file are read at most; a BAT file of 100,000 users has a quarter of them."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # Before UTF-16, whose mark it begins with.
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive, as an Excel workbook (.xlsx) is"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls) or another file of old Office releases"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a document of a word processor (RTF)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xfe\xed\xfe\xed", "a Java key store"),
    (b"\xce\xce\xce\xce", "a Java key store"),
    (b"\x00\x00\x00\x00CERT", "a certificate store of Windows (.sst)"),
    (b"$ANSIBLE_VAULT;", "a file that ansible-vault has encrypted"),
)
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories of what nobody sees: controls, formats, separators of lines and paragraphs."""
_BLANK = "Zs"


class NotRead(ValueError):
    """A file is not what is due; the message is a sentence that says what it is, and what to do."""


def content(path: Path, largest: int = LARGEST) -> bytes:
    """Return a file's bytes; raises ``OSError``, and :class:`NotRead` for what is no file or has too many bytes."""
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise NotRead("it is no regular file.")
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except NotRead:
        raise
    except ValueError:
        raise NotRead("no file can have such a name.") from None
    if len(data) > largest:
        raise NotRead(f"it has more than {largest // 1024 // 1024} MiB.")
    return data


def encoding_of(data: bytes) -> tuple[str, int]:
    """Return the encoding that a file says or shows, and the length of its byte order mark.

    Without a mark it is UTF-16 when every second one of the first four bytes is zero (RFC 4627, section 3); what is
    read here begins with letters of ASCII.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    zero = [not byte for byte in data[:4]]
    if zero == [False, True, False, True]:
        return "utf-16-le", 0
    if zero == [True, False, True, False]:
        return "utf-16-be", 0
    return "utf-8", 0


def decoded(data: bytes) -> str | None:
    """Return a text in UTF-8, UTF-16 or UTF-32 without its byte order mark; ``None`` for everything else."""
    encoding, skipped = encoding_of(data)
    try:
        return data[skipped:].decode(encoding)
    except UnicodeDecodeError:
        return None


def text_of(data: bytes) -> str:
    """Return the text; raises :class:`NotRead` that says what the file is instead, and in which line."""
    kind = binary_kind(data)
    if kind is not None:
        raise NotRead(f"it is {kind}.")
    text = decoded(data)
    if text is None:
        raise NotRead(_wrong_encoding(data))
    return text


def binary_kind(data: bytes) -> str | None:
    """Return what a file is by its first bytes, with its article, or ``None``."""
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def invisible(text: str) -> str | None:
    """Return which character of a text nobody sees, or takes for a space at an end; ``None`` when there is none."""
    for number, sign in enumerate(text, start=1):
        at_an_end = number in (1, len(text))
        category = unicodedata.category(sign)
        if category in _INVISIBLE or (category == _BLANK and (at_an_end or sign == "\u00a0")):
            name = unicodedata.name(sign, "a control character").capitalize()
            return f"character {number} is U+{ord(sign):04X} ({name}), which nobody sees"
    return None


def _wrong_encoding(data: bytes) -> str:
    encoding, skipped = encoding_of(data)
    if encoding != "utf-8":
        return f"it is {encoding.upper()[:6]}, and damaged or cut off."
    try:
        data[skipped:].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[skipped : skipped + error.start]
        line = len(re.findall(rb"\r\n|\r|\n", before)) + 1
        return f"line {line}: it is not UTF-8{_looks_like(data[skipped:])}."
    raise AssertionError("only called for what cannot be decoded")


def _looks_like(data: bytes) -> str:
    """Return which encodings of Windows a file seems to have, as a part of a sentence.

    In Japanese names kanji and kana stand side by side; in Western ones single letters are not ASCII. Kana of half the
    width prove nothing, for any two letters above ASCII would be some.
    """
    if _is_japanese(data, "cp932"):
        return "; it looks like Shift_JIS"
    if b"\0" in data:
        return ", and no text"
    # A Cyrillic text may make kanji of EUC-JP.
    return f"; it looks like {'EUC-JP, ' if _is_japanese(data, 'euc_jp') else ''}{_ONE_BYTE}"


_ONE_BYTE = "Windows-1252 or another code page with one byte for each character"
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]{2,}")


def _is_japanese(data: bytes, codec: str) -> bool:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return False
    runs = re.findall(r"[^\x00-\x7f]+", text)
    return 2 * sum(_WIDE.fullmatch(run) is not None for run in runs) >= len(runs) > 0
