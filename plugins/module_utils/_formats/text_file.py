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
_SAMPLE = 1024
"""So many bytes are looked at to tell the encoding of a text."""
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive, as an Excel workbook (.xlsx) is"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (.xls) or another file of old Office releases"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!", "a RAR archive"),
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
_LINE_END = re.compile(r"\r\n|\r|\n")
_ESCAPES = re.compile(r"\x1b\$[@B]")
"""With which ISO-2022-JP goes from ASCII to kanji; all of it is valid UTF-8."""


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

    Without a mark it is UTF-16 when half of its first letters are of ASCII, so that their other bytes are zero; those
    of another script, which may stand in a comment or a name before them, seldom have a zero on the other side.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    first = data[:_SAMPLE]
    even, odd = first[::2].count(0), first[1::2].count(0)
    more, fewer = max(even, odd), min(even, odd)
    if more < 2 or more * 4 < len(first) or more <= fewer * 4:
        return "utf-8", 0
    return ("utf-16-le", 0) if odd > even else ("utf-16-be", 0)


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
        raise NotRead(wrong_encoding(data))
    escape = _ESCAPES.search(text)
    if escape is not None:
        raise NotRead(f"line {line_number(text[: escape.start()])}: it looks like ISO-2022-JP.")
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
            return f"character {number} is {named(sign)}, which nobody sees"
    return None


def line_number(before: str) -> int:
    """Return the number of the line that begins after, or goes on, a text."""
    return len(_LINE_END.findall(before)) + 1


def named(sign: str) -> str:
    """Return what people can tell a character by that they may not see."""
    return f"U+{ord(sign):04X} ({unicodedata.name(sign, 'a control character').capitalize()})"


def wrong_encoding(data: bytes) -> str:
    """Say what a file is that :func:`decoded` cannot read, in a sentence with the line where that shows."""
    encoding, skipped = encoding_of(data)
    if encoding != "utf-8":
        return f"it is {encoding.upper()[:6]}, and damaged or cut off."
    try:
        data[skipped:].decode(encoding)
    except UnicodeDecodeError as error:
        line = line_number(data[skipped : skipped + error.start].decode(encoding))
        return f"line {line}: it is not UTF-8{_looks_like(data[skipped:])}."
    raise AssertionError("only called for what cannot be decoded")


def _looks_like(data: bytes) -> str:
    """Return which encodings a file may have, as a part of a sentence: all that fit, for each reads some of the others.

    A short name of two letters with accents makes kanji of Shift_JIS, a Cyrillic one kanji of EUC-JP.
    """
    japanese = [name for name, codec in _JAPANESE.items() if _is_japanese(data, codec)]
    western = any(_is_words(data, codec) for codec in _CODE_PAGES)
    if b"\0" in data and not japanese:
        return ", and no text"
    if japanese and japanese[0] == _SHIFT_JIS and not western:
        return f"; it looks like {_SHIFT_JIS}"
    return f"; it looks like {', '.join([*japanese, _OTHERS])}"


_SHIFT_JIS = "Shift_JIS"
_JAPANESE = {_SHIFT_JIS: "cp932", "EUC-JP": "euc_jp"}
_CODE_PAGES = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257")
_OTHERS = "Windows-1252 or another code page of Windows"
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff01-\uff60]{2,}")


def _is_japanese(data: bytes, codec: str) -> bool:
    """Whether kanji and kana stand side by side; kana of half the width prove nothing, for any letter makes one."""
    runs = _runs(data, codec)
    return 2 * sum(_WIDE.fullmatch(run) is not None for run in runs) >= len(runs) > 0


def _is_words(data: bytes, codec: str) -> bool:
    """Whether all that is not ASCII are letters; kanji and kana read so have signs among them."""
    runs = _runs(data, codec)
    return bool(runs) and all(run.isalpha() for run in runs)


def _runs(data: bytes, codec: str) -> list[str]:
    try:
        return _BEYOND_ASCII.findall(data.decode(codec))
    except UnicodeDecodeError:
        return []
