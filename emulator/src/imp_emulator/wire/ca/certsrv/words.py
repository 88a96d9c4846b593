# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of web enrollment say, in each language that a certification authority can be set up in.

Only the English phrases are those that public clients search for; the others are this project's own. Whoever reads
pages of any language has to go by the ids of their elements and by numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_CODE = re.compile(r"0x[0-9a-fA-F]{8}")

_ENGLISH = {
    "welcome": "Welcome",
    "own_files": "CA certificate, chain and CRL",
    "issued": "Certificate Issued",
    "signed": "The CA has signed your certificate.",
    "certificate": "Certificate",
    "chain": "Certificate chain",
    "pending": "Certificate Pending",
    "received": "Your request has arrived. An administrator has to issue the certificate.",
    "number": "Your Request Id is {number}.",
    "denied": "Certificate Request Denied",
    "refused": "Your certificate request was denied.",
    "reason": 'The disposition message is "{message}".',
    "error": "Error",
    "nothing": "Request {number} has no certificate to give out.",
    "disposition": "Disposition:",
    "message": "Disposition message:",
    "status": "LastStatus:",
    "success": "The operation completed successfully.",
    "field": "Unexpected value of the field {field}.",
    "Taken Under Submission": "Taken Under Submission",
    "Denied by ": "Denied by ",
    "Denied by Policy Module": "Denied by Policy Module",
    "Revoked by ": "Revoked by ",
    "failure": "The request failed.",
}
_GERMAN = {
    "welcome": "Willkommen",
    "own_files": "Zertifikat, Kette und Sperrliste der Zertifizierungsstelle",
    "issued": "Zertifikat ausgestellt",
    "signed": "Die Zertifizierungsstelle hat Ihr Zertifikat signiert.",
    "certificate": "Zertifikat",
    "chain": "Zertifikatkette",
    "pending": "Zertifikat ausstehend",
    "received": "Ihre Anforderung ist eingegangen. Ein Administrator muss das Zertifikat noch ausstellen.",
    "number": "Ihre Anforderungs-ID lautet {number}.",
    "denied": "Zertifikatanforderung abgelehnt",
    "refused": "Ihre Zertifikatanforderung wurde abgelehnt.",
    "reason": "Die Begründung lautet „{message}“.",
    "error": "Fehler",
    "nothing": "Zu Anforderung {number} gibt es kein Zertifikat.",
    "disposition": "Disposition:",
    "message": "Dispositionsmeldung:",
    "status": "Letzter Status:",
    "success": "Der Vorgang wurde erfolgreich beendet.",
    "field": "Unerwarteter Wert des Felds {field}.",
    "Taken Under Submission": "Zur Bearbeitung angenommen",
    "Denied by ": "Abgelehnt von ",
    "Denied by Policy Module": "Vom Richtlinienmodul abgelehnt",
    "Revoked by ": "Gesperrt von ",
    "failure": "Die Anforderung ist fehlgeschlagen.",
}
_JAPANESE = {
    "welcome": "ようこそ",
    "own_files": "証明機関の証明書、チェーンおよび失効リスト",
    "issued": "証明書は発行されました",
    "signed": "証明機関が証明書に署名しました。",
    "certificate": "証明書",
    "chain": "証明書チェーン",
    "pending": "証明書は保留中です",
    "received": "要求を受け付けました。管理者が証明書を発行するまでお待ちください。",
    "number": "要求番号は {number} です。",
    "denied": "証明書の要求は拒否されました",
    "refused": "証明書の要求は拒否されました。",
    "reason": "理由は「{message}」です。",
    "error": "エラー",
    "nothing": "要求 {number} の証明書はありません。",
    "disposition": "処理結果:",
    "message": "処理結果のメッセージ:",
    "status": "最後の状態:",
    "success": "この操作を正しく終了しました。",
    "field": "フィールド {field} の値が正しくありません。",
    "Taken Under Submission": "要求を受理しました",
    "Denied by ": "拒否した管理者: ",
    "Denied by Policy Module": "ポリシー モジュールにより拒否されました",
    "Revoked by ": "失効させた管理者: ",
    "failure": "要求は失敗しました。",
}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _ENGLISH, "de": _GERMAN, "ja": _JAPANESE})
"""The texts by language (ISO 639-1) and name; disposition messages are named by their English beginning."""


def disposition(language: str, message: str) -> str:
    """Return a disposition message, which is kept in English, in another language.

    Whoever decided stays in it, and the error code where there is one.
    """
    if language == "en":
        return message
    texts = WORDS[language]
    for phrase in ("Taken Under Submission", "Denied by Policy Module"):
        if message.startswith(phrase):
            return texts[phrase]
    for phrase in ("Denied by ", "Revoked by "):
        if message.startswith(phrase):
            return texts[phrase] + message.removeprefix(phrase)
    code = _CODE.search(message)
    return f"{texts['failure']} {code[0]}" if code else texts["failure"]
