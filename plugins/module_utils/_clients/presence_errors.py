# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The errors of the Presence Web Service by their numbers, and what to do about each. Pure.

The numbers are those of Cisco's Developer Cookbook for the Presence Web Service, appendix 1. The form of an error in an
answer of the REST interface is published nowhere, so the number is looked for in whatever stands there.
"""

from __future__ import annotations

import re

from ansible_collections.ucops.imp.plugins.module_utils._core.errors import UnexpectedAnswer
from ansible_collections.ucops.imp.plugins.module_utils._http import soap

NO_SESSION_KEY, INVALID_SESSION_KEY = 100, 101
BUSY = (210, 211, 212)
"""The node has no processor time, no SIP subscription or no room in this second."""
LOGIN_FAILED = 114
ALREADY_LOGGED_IN = 160

_MISUNDERSTOOD = "This release of the service does not understand the collection. Report it, with the node's release."
_INTERNAL = "The service failed by itself. Look at the logs of Cisco SIP Proxy on the node, then run the task again."

ERRORS = {
    100: "The request had no session key. The session has ended; run the task again.",
    101: "The session key is not valid. The session has ended, or somebody else has logged it out; run the task again.",
    102: f"The service cannot read the XML of the request. {_MISUNDERSTOOD}",
    103: f"The request has another root element than the service wants. {_MISUNDERSTOOD}",
    110: f"The kind of presence is neither basic nor rich. {_MISUNDERSTOOD}",
    111: "The password is empty. Give the password of the application user.",
    112: f"The request logs in neither an application user nor an end user. {_MISUNDERSTOOD}",
    113: "There is no such user. Look at the user id, and whether the user is enabled for IM and Presence.",
    114: "The login failed. Look at the name and the password of the application user, and whether it is in the access "
    "control group Admin-3rd Party API; look whether the user is enabled for IM and Presence.",
    115: f"The request sets no presence. {_MISUNDERSTOOD}",
    120: "The presence was not set. Look whether Cisco Presence Engine runs on the user's node.",
    121: "Basic presence cannot be available with override. Set override to false.",
    122: "Presence cannot be do not disturb without override. Set override to true.",
    123: f"An update of an end point must not have an address. {_MISUNDERSTOOD}",
    124: "The IM address of the user is not valid. Look at domain, or give address for the user.",
    125: f"Override is neither true nor false. {_MISUNDERSTOOD}",
    130: f"The end point has no address. {_MISUNDERSTOOD}",
    131: "The time of expiry must be 60 to 1440 minutes. Set expires_minutes.",
    132: f"There is no such end point. {_MISUNDERSTOOD}",
    133: f"There is no such subscription. {_MISUNDERSTOOD}",
    134: f"There is no such kind of subscription. {_MISUNDERSTOOD}",
    135: "A subscription takes 1 to 5000 contacts. Give fewer.",
    136: "The end point is another application user's. Log in with the one that has made it.",
    137: "The subscription is another user's. Log in with the one that has made it.",
    138: "There is no free end point. Let applications remove those that they no longer use.",
    139: "There is no free subscription. Let applications remove those that they no longer use.",
    140: f"An end user has to ask for this. {_MISUNDERSTOOD}",
    141: "An application user has to ask for this, not an end user. Look at username.",
    142: f"The address of the end point has a blank. {_MISUNDERSTOOD}",
    143: "A contact is empty. Look at domain, or give address for the user.",
    144: f"A contact is not in the subscription. {_MISUNDERSTOOD}",
    145: f"The request has neither a time of expiry nor contacts. {_MISUNDERSTOOD}",
    146: f"The service does not take these contacts. {_MISUNDERSTOOD}",
    147: f"The service does not take these contacts. {_MISUNDERSTOOD}",
    148: f"The service does not take these contacts. {_MISUNDERSTOOD}",
    150: f"The service cannot read the body of the request. {_MISUNDERSTOOD}",
    160: "The user is logged in already by another application. Log out there.",
    161: f"An override must come from pws-override or pws-persistent. {_MISUNDERSTOOD}",
    162: f"The source of a presence must be the Presence Web Service. {_MISUNDERSTOOD}",
    **dict.fromkeys(range(200, 210), _INTERNAL),
    210: "The node is as busy as it may be. Run the task again later, or raise retries.",
    211: "The node has no SIP subscription left. Run the task again later, or raise retries.",
    212: "The node takes no more requests a second. Run the task again later, or raise retries.",
}
"""What happened and what to do, by the number of the error."""

_NUMBER = re.compile(r"(?<!\d)\d{3}(?!\d)")


def error_number(body: bytes) -> int | None:
    """Return the number of the error that an answer tells; ``None`` when it tells none.

    An element or attribute called ``code`` or ``errorCode`` counts first, then any known number in the text.
    """
    try:
        root = soap.parse_xml(body)
    except UnexpectedAnswer:
        return None
    told: list[str] = []
    for element in root.iter():
        named = {soap.local_name(element): element.text or "", **element.attrib}
        told += [value.strip() for name, value in named.items() if name.lower().endswith("code")]
    for value in told:
        if _NUMBER.fullmatch(value):
            return int(value)
    numbers = [int(found) for found in _NUMBER.findall("".join(root.itertext()))]
    return next((number for number in numbers if number in ERRORS), None)
