# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of Exchange Web Services: the shape in which each one is answered, and its words.

An error of the whole request is a SOAP fault with HTTP status 500, one of what was asked is a response message with
status 200. The codes are Microsoft's; the words are this project's but for those that its pages quote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """How an error is answered."""

    FAULT = "fault"
    MESSAGE = "message"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Error:
    """A kind of error: its shape and its words."""

    shape: Shape
    text: str


def _table(shape: Shape, texts: Mapping[str, str]) -> dict[str, Error]:
    return {code: Error(shape, text) for code, text in texts.items()}


ERRORS: Mapping[str, Error] = {
    **_table(
        Shape.FAULT,
        {
            "ErrorImpersonateUserDenied": "The account does not have permission to impersonate the requested user.",
            "ErrorImpersonationDenied": "The account may not act for others on this server.",
            "ErrorImpersonationFailed": "The server cannot act for others.",
            "ErrorImpersonationRequired": "An application must say in the impersonation header for whom it acts.",
            "ErrorInvalidExchangeImpersonationHeaderData": "The impersonation header names nobody.",
            "ErrorServerBusy": "The server cannot service this request right now. Try again later.",
            "ErrorExceededConnectionCount": "The account has more requests under way than its policy allows.",
            "ErrorSchemaValidation": "The request failed schema validation.",
            "ErrorInvalidServerVersion": "The version that the request names is none of this service's.",
            "ErrorIncorrectSchemaVersion": "The version that the request names does not have this operation.",
            "ErrorInvalidRequest": "The request is invalid.",
            "ErrorTimeZone": "The time zone that the request names is not known.",
            "ErrorDuplicateSOAPHeader": "A SOAP header is given twice.",
            "ErrorInternalServerTransientError": "The server has failed for a moment. Try again later.",
        },
    ),
    **_table(
        Shape.MESSAGE,
        {
            "ErrorADUnavailable": "The directory cannot be reached. Try again later.",
            "ErrorAccessDenied": "Access is denied. The account may not open this mailbox.",
            "ErrorCalendarDurationIsTooLong": "A calendar item lasts five years at most.",
            "ErrorCalendarEndDateIsEarlierThanStartDate": "The end is earlier than the start.",
            "ErrorCalendarFolderIsInvalidForCalendarView": "A calendar view needs a calendar folder.",
            "ErrorCalendarViewRangeTooBig": "A calendar view covers two years at most.",
            "ErrorCannotUseFolderIdForItemId": "The id is that of a folder, and not of an item.",
            "ErrorCannotUseItemIdForFolderId": "The id is that of an item, and not of a folder.",
            "ErrorChangeKeyRequiredForWriteOperations": "A change needs the item's present change key.",
            "ErrorConnectionFailed": "The connection to the mailbox database failed. Try again later.",
            "ErrorExceededFindCountLimit": "The account has more results in use than its policy allows.",
            "ErrorExceededSubscriptionCount": "The mailbox has as many subscriptions as its policy allows.",
            "ErrorExpiredSubscription": "The subscription has ended.",
            "ErrorFolderNotFound": "There is no such folder.",
            "ErrorFreeBusyGenerationFailed": "The free and busy times cannot be told.",
            "ErrorInsufficientResources": "The server lacks resources for this request. Try again later.",
            "ErrorInternalServerError": "The server has failed.",
            "ErrorInvalidChangeKey": "The change key is not valid.",
            "ErrorInvalidFolderId": "The folder id is not valid.",
            "ErrorInvalidId": "The id is not valid.",
            "ErrorInvalidIdEmpty": "The id is empty.",
            "ErrorInvalidIdMalformed": "The id is malformed.",
            "ErrorInvalidIdXml": "The id does not have the form of ids.",
            "ErrorInvalidOperation": "The operation cannot be carried out here.",
            "ErrorInvalidPushSubscriptionUrl": "The address for notifications is not valid.",
            "ErrorInvalidScheduledOofDuration": "The scheduled time has passed, or ends before it begins.",
            "ErrorInvalidSubscription": "The subscription is not valid any more.",
            "ErrorInvalidSubscriptionRequest": "A subscription is to folders of one mailbox.",
            "ErrorInvalidTimeInterval": "The time interval is not valid.",
            "ErrorInvalidUserOofSettings": "The automatic replies lack a part.",
            "ErrorInvalidWatermark": "The watermark is wrong or too old.",
            "ErrorIrresolvableConflict": "The item was changed by somebody else meanwhile.",
            "ErrorItemNotFound": "There is no such item.",
            "ErrorMailboxFailover": "The mailbox database has moved to another server.",
            "ErrorMailboxMoveInProgress": "The mailbox is being moved.",
            "ErrorMailboxStoreUnavailable": "The mailbox database cannot be reached.",
            "ErrorMailRecipientNotFound": "The address is not that of a recipient.",
            "ErrorMissedNotificationEvents": "Events were lost.",
            "ErrorNameResolutionNoResults": "No results were found.",
            "ErrorNewEventStreamConnectionOpened": "The subscription has another connection now.",
            "ErrorNonExistentMailbox": "The SMTP address has no mailbox associated with it.",
            "ErrorNotEnoughMemory": "The server lacks memory for this request. Try again later.",
            "ErrorReadEventsFailed": "The events cannot be read; the subscription is deleted.",
            "ErrorSubscriptionAccessDenied": "The subscription is another account's.",
            "ErrorSubscriptionNotFound": "The subscription was not found.",
            "ErrorSubscriptionUnsubscribed": "The subscription was ended.",
            "ErrorTimeIntervalTooBig": "The time interval is too long.",
            "ErrorTimeoutExpired": "The request took too long and was given up.",
            "ErrorTooManyObjectsOpened": "Too many objects are open in the mailbox. Try again later.",
        },
    ),
    **_table(
        Shape.WARNING, {"ErrorNameResolutionMultipleResults": "Several results were found, of which one is meant."}
    ),
}
"""The errors by their codes."""
