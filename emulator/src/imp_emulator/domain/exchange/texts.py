# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a text of a mailbox may hold: whatever it is given by, Exchange Web Services have to show it in XML."""

from __future__ import annotations

import re

from imp_emulator.errors import InvalidValue
from imp_emulator.scenario.reader import XML_TEXT

_NOT_XML = re.compile(XML_TEXT.replace("[", "[^", 1))


def check(name: str, text: str, code: str) -> None:
    """Refuse a text that XML cannot carry.

    Args:
        name: What the text is, for the message.
        text: The text.
        code: The code of the error.

    Raises:
        InvalidValue: It holds such a character.
    """
    if _NOT_XML.search(text):
        message = f"{name} holds a character that XML cannot carry, for example a control character; remove it."
        raise InvalidValue(code, message, name)
