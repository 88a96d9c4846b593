# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ids and change keys as clients see them: texts that they keep and give back, and whose letter case counts.

Inside is what is meant and a checksum, in base 64, so that a text that was made up or cut is malformed and not the id
of something else.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from datetime import UTC, datetime, timedelta

from imp_emulator.domain.exchange.calendars import ItemRef
from imp_emulator.domain.exchange.folders import FOLDERS
from imp_emulator.wire.exchange.ews.messages import EwsError

_FOLDERS = tuple(FOLDERS)
"""An id holds the position of a folder among these."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOLDER, _ITEM, _OCCURRENCE = b"F", b"I", b"O"
_MARK = b"\x00\x01\xaa"
"""The beginning of each id, so that they look alike."""
_KEY = struct.Struct(">3xQI")
_FOLDER_PLACE = struct.Struct(">qB")
_ITEM_PLACE = struct.Struct(">qq")
_OCCURRENCE_PLACE = struct.Struct(">qqq")


def folder_id(mailbox: int, name: str) -> str:
    """Return the id of a folder of a mailbox, by its distinguished name."""
    return _encode(_FOLDER, _FOLDER_PLACE.pack(mailbox, _FOLDERS.index(name)))


def parse_folder_id(text: str) -> tuple[int, str]:
    """Return the mailbox and the distinguished name of a folder.

    Raises:
        EwsError: The text is no id, or not that of a folder.
    """
    kind, place = _decode(text)
    if kind != _FOLDER:
        raise EwsError("ErrorCannotUseItemIdForFolderId")
    mailbox, position = _unpack(_FOLDER_PLACE, place)
    if position >= len(_FOLDERS):
        raise EwsError("ErrorInvalidIdMalformed")
    return mailbox, _FOLDERS[position]


def item_id(ref: ItemRef) -> str:
    """Return the id of an item, or of an occurrence of one that recurs."""
    if ref.original_start is None:
        return _encode(_ITEM, _ITEM_PLACE.pack(ref.mailbox, ref.item))
    seconds = (ref.original_start - _EPOCH) // timedelta(seconds=1)
    return _encode(_OCCURRENCE, _OCCURRENCE_PLACE.pack(ref.mailbox, ref.item, seconds))


def parse_item_id(text: str) -> ItemRef:
    """Return what an item's id stands for.

    Raises:
        EwsError: The text is no id, or that of a folder.
    """
    kind, place = _decode(text)
    if kind == _FOLDER:
        raise EwsError("ErrorCannotUseFolderIdForItemId")
    if kind == _ITEM:
        mailbox, item = _unpack(_ITEM_PLACE, place)
        return ItemRef(mailbox, item)
    mailbox, item, seconds = _unpack(_OCCURRENCE_PLACE, place)
    try:
        return ItemRef(mailbox, item, _EPOCH + timedelta(seconds=seconds))
    except OverflowError:
        raise EwsError("ErrorInvalidIdMalformed") from None


def is_folder_id(text: str) -> bool:
    """Tell whether an id is that of a folder.

    Raises:
        EwsError: The text is no id.
    """
    return _decode(text)[0] == _FOLDER


def mailbox_of(text: str) -> int:
    """Return the mailbox that an id belongs to.

    Raises:
        EwsError: The text is no id.
    """
    return parse_folder_id(text)[0] if is_folder_id(text) else parse_item_id(text).mailbox


def change_key(change: int) -> str:
    """Return the change key of a state of an item."""
    packed = _KEY.pack(change, zlib.crc32(change.to_bytes(8, "big")))
    return base64.b64encode(packed).decode("ascii")


def parse_change_key(text: str) -> int:
    """Return the state that a change key stands for.

    Raises:
        EwsError: The text is no change key.
    """
    try:
        change, checksum = _KEY.unpack(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, struct.error):
        raise EwsError("ErrorInvalidChangeKey") from None
    if checksum != zlib.crc32(change.to_bytes(8, "big")):
        raise EwsError("ErrorInvalidChangeKey")
    return int(change)


def _encode(kind: bytes, place: bytes) -> str:
    content = _MARK + kind + place
    return base64.b64encode(content + zlib.crc32(content).to_bytes(4, "big")).decode("ascii")


def _decode(text: str) -> tuple[bytes, bytes]:
    if not text:
        raise EwsError("ErrorInvalidIdEmpty")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EwsError("ErrorInvalidIdMalformed") from None
    inside, checksum = content[:-4], content[-4:]
    kind = inside[3:4]
    if not inside.startswith(_MARK) or zlib.crc32(inside).to_bytes(4, "big") != checksum:
        raise EwsError("ErrorInvalidIdMalformed")
    if kind not in (_FOLDER, _ITEM, _OCCURRENCE):
        raise EwsError("ErrorInvalidIdMalformed")
    return kind, inside[4:]


def _unpack(form: struct.Struct, place: bytes) -> tuple[int, ...]:
    try:
        return form.unpack(place)
    except struct.error:
        raise EwsError("ErrorInvalidIdMalformed") from None
