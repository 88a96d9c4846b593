# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: it may change in any release. Do not import it from elsewhere.

"""The texts of the runbook in English and Japanese.

Names of pages, fields and buttons are those of the products, in Japanese with the English ones behind them, because a
console may show either. Braces are filled in with values of the inventory. A test holds both languages to the same keys
and the same values.
"""

from __future__ import annotations

from ansible_collections.ucops.imp.plugins.plugin_utils._runbook import steps

Texts = dict[str, str]
"""Texts by key: ``STEP.title``, ``STEP.where``, ``STEP.why``, ``STEP.1`` and on for what to do, ``STEP.WORD`` for what
is only done sometimes, ``STEP.after``; and those of the page and of its tables."""

ENGLISH: Texts = {
    "language": "English",
    "title": "{cluster}: steps for the console",
    "none": "No step is left for the console.",
    "left": "Steps that are left: {number}. Do them in this order.",
    "intro": (
        "Everything that has a public interface is done by ucops.imp.site. What is on this page has none, so a person "
        "does it in the web pages of the products. Passwords are not on this page; they are in the vault of the inventory."
    ),
    "again": (
        "When all is done, run ansible-playbook -i INVENTORY ucops.imp.runbook again. A step that no interface tells of "
        "stays on the page; leave its part out of calendar_integration_parts when it is done."
    ),
    "made": "Made from the inventory and from what the cluster tells.",
    "where": "Where",
    "why": "Why",
    "do": "What to do",
    "after": "Afterwards",
    "server": "Server",
    "request_id": "Request ID",
    "issuer": "Issuer",
    "thumbprint": "Thumbprint",
    "peer_server": "Peer Server",
    "file": "File",
    "field": "Field",
    "value": "Value",
    "node": "Node",
    "services": "Services",
    "every_node": "every IM and Presence node",
    "type": "Presence Gateway Type",
    "exchange_ews": "Exchange -- EWS Server",
    "office_365": "Office 365 Server",
    "description": "Description",
    "presence_gateway": "Presence Gateway",
    "account": "Account Name",
    "as_it_is": "as it is",
    "password": "Account Password, and Confirm Password",
    "from_vault": "from the vault",
    "port": "Exchange Server Port",
    "client_id": "Application (client) ID",
    "tenant_id": "Directory (tenant) ID",
    "client_secret": "Client secret",
    "authentication_endpoint": "Authentication endpoint",
    "resource": "Resource",
    "proxy_url": "Proxy",
    "proxy_username": "User of the proxy",
    "proxy_password": "Password of the proxy",
    f"{steps.AUTHORITY_ROLE}.title": "Install the certification authority on {authority}",
    f"{steps.AUTHORITY_ROLE}.where": "Server Manager on {authority}",
    f"{steps.AUTHORITY_ROLE}.why": "The web enrollment of {authority} did not answer: {why}",
    f"{steps.AUTHORITY_ROLE}.1": "Add the role Active Directory Certificate Services.",
    f"{steps.AUTHORITY_ROLE}.2": "Choose the role services Certification Authority and Certification Authority Web Enrollment.",
    f"{steps.AUTHORITY_ROLE}.3": "Set it up as a standalone root CA with a new private key.",
    f"{steps.AUTHORITY_ROLE}.4": "Give the CA a common name that is none of the Exchange servers' names.",
    f"{steps.AUTHORITY_ROLE}.5": "Choose a validity that is longer than that of every certificate it will issue.",
    f"{steps.AUTHORITY_ROLE}.after": "https://{authority}/certsrv shows its page. Run ucops.imp.certificates again.",
    f"{steps.DECISION}.title": "Issue the pending certificate requests",
    f"{steps.DECISION}.where": "Certification Authority on {authority} > Pending Requests",
    f"{steps.DECISION}.why": "A standalone authority issues nothing until its administrator has decided.",
    f"{steps.DECISION}.1": "Compare the request ID and the name with the table.",
    f"{steps.DECISION}.2": "Right-click the request, then All Tasks > Issue.",
    f"{steps.DECISION}.after": "Run ucops.imp.certificates again. It fetches the certificates and goes on.",
    f"{steps.EXCHANGE_ROOT}.title": "Install the root certificate on the Exchange servers",
    f"{steps.EXCHANGE_ROOT}.where": "certlm.msc on each server > Trusted Root Certification Authorities > Certificates",
    f"{steps.EXCHANGE_ROOT}.why": "Exchange says Untrusted of a certificate whose root is not in the server's own root store.",
    f"{steps.EXCHANGE_ROOT}.1": "Fetch the root certificate from the authority ({authority}).",
    f"{steps.EXCHANGE_ROOT}.2": "Import it with All Tasks > Import, into Trusted Root Certification Authorities.",
    f"{steps.EXCHANGE_ROOT}.after": "The certificate shows as Valid in Exchange.",
    f"{steps.TRUST}.title": "Have the IM and Presence nodes trust the certificates of Exchange",
    f"{steps.TRUST}.where": (
        "https://{publisher}/cupadmin > System > Security > Certificate Import Tool; what it does not find: "
        "https://{publisher}/cmplatform > Security > Certificate Management"
    ),
    f"{steps.TRUST}.why": (
        "A release before 14 has no interface for certificates. A gateway is only verified when its whole chain is trusted."
    ),
    f"{steps.TRUST}.1": "Choose IM and Presence(IM/P) Trust as the trust store.",
    f"{steps.TRUST}.2": "Type the peer server exactly as in the table, with its port, and choose Submit. Do this for each row.",
    f"{steps.TRUST}.3": "Approve the certificates that the tool says are missing.",
    f"{steps.TRUST}.4": (
        "What the server does not send, as a rule the root, upload in Certificate Management: Upload "
        "Certificate/Certificate Chain, purpose {store}. Do this on each node."
    ),
    f"{steps.TRUST}.5": "Run the tool again until each test succeeds.",
    f"{steps.TRUST}.after": "Every status test of the tool is successful.",
    f"{steps.GATEWAYS}.title": "Configure the presence gateways",
    f"{steps.GATEWAYS}.where": "https://{publisher}/cupadmin > Presence > Gateways",
    f"{steps.GATEWAYS}.why": "Cisco publishes no interface for presence gateways, so nothing can compare or change them.",
    f"{steps.GATEWAYS}.1": "Compare the list of the page with the tables. What is equal needs nothing.",
    f"{steps.GATEWAYS}.2": "Choose Add New for a gateway that is missing, or its name for one that differs.",
    f"{steps.GATEWAYS}.3": (
        "Fill the fields in as in the table, and choose Save. All Exchange servers share the account of the first."
    ),
    f"{steps.GATEWAYS}.purge": "Delete each gateway that has no table here.",
    f"{steps.GATEWAYS}.after": "The page says that the Cisco Presence Engine must restart. That comes later on this page.",
    f"{steps.BULK_JOB}.title": "Enable the users with a bulk job",
    f"{steps.BULK_JOB}.where": "https://{cucm}/ccmadmin > Bulk Administration",
    f"{steps.BULK_JOB}.why": "Users whose options are not as declared: {users}. The file has a line for each of them.",
    f"{steps.BULK_JOB}.1": (
        "Upload/Download Files > Add New: choose the file {file}, target Users, transaction type Update Users - Custom File."
    ),
    f"{steps.BULK_JOB}.2": "Users > Update Users > Custom File: choose the file name.",
    f"{steps.BULK_JOB}.3": "Choose Run Immediately, or Run Later for a maintenance window, and Submit.",
    f"{steps.BULK_JOB}.4": "Job Scheduler: wait until the job is Completed, and open its log.",
    f"{steps.BULK_JOB}.after": "The log has no failed line. This page, made anew, has no such step any more.",
    f"{steps.RESTART}.title": "Restart the services, one node after another",
    f"{steps.RESTART}.where": "https://{publisher}/ccmservice > Tools > Control Center - Feature Services",
    f"{steps.RESTART}.why": "The services load the trusted certificates and the gateways only when they start.",
    f"{steps.RESTART}.1": "Restart the services of the first node, and wait until they are running again.",
    f"{steps.RESTART}.2": "Then go on with the next node, so that one of them always serves the users.",
    f"{steps.RESTART}.after": (
        "Or have it done: ansible-playbook -i INVENTORY ucops.imp.presence_engine -e presence_engine_only_if_required=no"
    ),
    f"{steps.STATUS}.title": "See that every gateway is green",
    f"{steps.STATUS}.where": "https://{publisher}/cupadmin > Presence > Gateways > each gateway > Exchange Server Status",
    f"{steps.STATUS}.why": "Cisco publishes no interface for the status. The page checks the first ten gateways.",
    f"{steps.STATUS}.1": "Exchange Reachability (pingable) must be green.",
    f"{steps.STATUS}.2": "Exchange SSL Connection/Certificate Verification must be green and say Verified.",
    f"{steps.STATUS}.after": "Where it is red, ucops.imp.preflight tells what is wrong with the server or its certificate.",
}

JAPANESE: Texts = {
    "language": "日本語",
    "title": "{cluster}: コンソールで行う手順",
    "none": "コンソールで行う手順は残っていません。",
    "left": "残りの手順: {number}。この順に行ってください。",
    "intro": (
        "公開インターフェイスのある作業は、すべて ucops.imp.site が行います。このページの手順には公開インターフェイスがないため、"
        "担当者が製品の管理画面で行います。パスワードはこのページにはありません。インベントリの Vault にあります。"
    ),
    "again": (
        "すべて終わったら、ansible-playbook -i INVENTORY ucops.imp.runbook をもう一度実行してください。インターフェイスから確認できない"
        "手順は残ります。終わった部分は calendar_integration_parts から外してください。"
    ),
    "made": "インベントリとクラスタの情報から作成しました。",
    "where": "場所",
    "why": "理由",
    "do": "手順",
    "after": "終わったら",
    "server": "サーバー",
    "request_id": "要求 ID",
    "issuer": "発行者",
    "thumbprint": "拇印",
    "peer_server": "ピアサーバー (Peer Server)",
    "file": "ファイル",
    "field": "フィールド",
    "value": "値",
    "node": "ノード",
    "services": "サービス",
    "every_node": "すべての IM and Presence ノード",
    "type": "プレゼンスゲートウェイのタイプ (Presence Gateway Type)",
    "exchange_ews": "Exchange - EWS サーバー (Exchange -- EWS Server)",
    "office_365": "Office 365 サーバー (Office 365 Server)",
    "description": "説明 (Description)",
    "presence_gateway": "プレゼンスゲートウェイ (Presence Gateway)",
    "account": "アカウント名 (Account Name)",
    "as_it_is": "現在のまま",
    "password": "アカウントパスワードと確認 (Account Password, Confirm Password)",
    "from_vault": "Vault の値",
    "port": "Exchange Server のポート (Exchange Server Port)",
    "client_id": "アプリケーション (クライアント) ID",
    "tenant_id": "ディレクトリ (テナント) ID",
    "client_secret": "クライアントシークレット",
    "authentication_endpoint": "認証エンドポイント",
    "resource": "リソース",
    "proxy_url": "プロキシ",
    "proxy_username": "プロキシのユーザー",
    "proxy_password": "プロキシのパスワード",
    f"{steps.AUTHORITY_ROLE}.title": "{authority} に認証局をインストールする",
    f"{steps.AUTHORITY_ROLE}.where": "{authority} のサーバーマネージャー (Server Manager)",
    f"{steps.AUTHORITY_ROLE}.why": "{authority} の Web 登録から応答がありませんでした: {why}",
    f"{steps.AUTHORITY_ROLE}.1": (
        "役割「Active Directory 証明書サービス (Active Directory Certificate Services)」を追加します。"
    ),
    f"{steps.AUTHORITY_ROLE}.2": (
        "役割サービス「証明機関 (Certification Authority)」と「証明機関 Web 登録 (Certification Authority Web Enrollment)」を選択します。"
    ),
    f"{steps.AUTHORITY_ROLE}.3": "スタンドアロンのルート CA として、新しい秘密キーで設定します。",
    f"{steps.AUTHORITY_ROLE}.4": "CA の共通名には、Exchange Server の名前と異なる名前を付けます。",
    f"{steps.AUTHORITY_ROLE}.5": "発行するどの証明書よりも長い有効期間を選択します。",
    f"{steps.AUTHORITY_ROLE}.after": (
        "https://{authority}/certsrv にページが表示されます。ucops.imp.certificates をもう一度実行してください。"
    ),
    f"{steps.DECISION}.title": "保留中の証明書要求を発行する",
    f"{steps.DECISION}.where": "{authority} の証明機関 (Certification Authority) > 保留中の要求 (Pending Requests)",
    f"{steps.DECISION}.why": "スタンドアロンの認証局は、管理者が判断するまで何も発行しません。",
    f"{steps.DECISION}.1": "要求 ID と名前を表と比べます。",
    f"{steps.DECISION}.2": "要求を右クリックし、[すべてのタスク (All Tasks)] > [発行 (Issue)] を選択します。",
    f"{steps.DECISION}.after": "ucops.imp.certificates をもう一度実行してください。証明書を取得して先へ進みます。",
    f"{steps.EXCHANGE_ROOT}.title": "Exchange Server にルート証明書をインストールする",
    f"{steps.EXCHANGE_ROOT}.where": (
        "各サーバーの certlm.msc > 信頼されたルート証明機関 (Trusted Root Certification Authorities) > 証明書 (Certificates)"
    ),
    f"{steps.EXCHANGE_ROOT}.why": (
        "ルート証明書がサーバー自身のルートストアにないと、Exchange はその証明書を Untrusted と表示します。"
    ),
    f"{steps.EXCHANGE_ROOT}.1": "認証局 ({authority}) からルート証明書を取得します。",
    f"{steps.EXCHANGE_ROOT}.2": (
        "[すべてのタスク (All Tasks)] > [インポート (Import)] で、信頼されたルート証明機関にインポートします。"
    ),
    f"{steps.EXCHANGE_ROOT}.after": "Exchange で証明書が Valid と表示されます。",
    f"{steps.TRUST}.title": "IM and Presence のノードに Exchange の証明書を信頼させる",
    f"{steps.TRUST}.where": (
        "https://{publisher}/cupadmin > システム (System) > セキュリティ (Security) > 証明書のインポートツール (Certificate Import "
        "Tool)。見つからないもの: https://{publisher}/cmplatform > セキュリティ (Security) > 証明書の管理 (Certificate Management)"
    ),
    f"{steps.TRUST}.why": (
        "14 より前のリリースには証明書のインターフェイスがありません。ゲートウェイは、チェーン全体が信頼されているときだけ確認に成功します。"
    ),
    f"{steps.TRUST}.1": "信頼ストアとして [IM and Presence(IM/P) Trust] を選択します。",
    f"{steps.TRUST}.2": "表のとおりにピアサーバーとポートを入力し、[送信 (Submit)] をクリックします。各行について行います。",
    f"{steps.TRUST}.3": "ツールが不足していると示した証明書を承認します。",
    f"{steps.TRUST}.4": (
        "サーバーが送らない証明書（通常はルート）は、証明書の管理で [証明書/証明書チェーンのアップロード (Upload "
        "Certificate/Certificate Chain)] を選択し、{store} としてアップロードします。各ノードで行います。"
    ),
    f"{steps.TRUST}.5": "すべてのテストが成功するまで、ツールをもう一度実行します。",
    f"{steps.TRUST}.after": "ツールのすべてのステータステストが成功しています。",
    f"{steps.GATEWAYS}.title": "プレゼンスゲートウェイを設定する",
    f"{steps.GATEWAYS}.where": "https://{publisher}/cupadmin > プレゼンス (Presence) > ゲートウェイ (Gateways)",
    f"{steps.GATEWAYS}.why": (
        "プレゼンスゲートウェイの公開インターフェイスはないため、比較も変更も画面でしかできません。"
    ),
    f"{steps.GATEWAYS}.1": "画面の一覧を表と比べます。同じものには何もしません。",
    f"{steps.GATEWAYS}.2": "ないものは [新規追加 (Add New)]、異なるものはその名前をクリックします。",
    f"{steps.GATEWAYS}.3": (
        "表のとおりに入力し、[保存 (Save)] をクリックします。アカウントは、すべての Exchange Server に共通です。"
    ),
    f"{steps.GATEWAYS}.purge": "ここに表のないゲートウェイを削除します。",
    f"{steps.GATEWAYS}.after": "Cisco Presence Engine の再起動が必要だと表示されます。再起動は、このページの後の手順で行います。",
    f"{steps.BULK_JOB}.title": "一括ジョブでユーザーを有効にする",
    f"{steps.BULK_JOB}.where": "https://{cucm}/ccmadmin > 一括管理 (Bulk Administration)",
    f"{steps.BULK_JOB}.why": "設定が宣言と異なるユーザー: {users}。ファイルには 1 人につき 1 行あります。",
    f"{steps.BULK_JOB}.1": (
        "[ファイルのアップロード/ダウンロード (Upload/Download Files)] > [新規追加 (Add New)]: ファイル {file}、ターゲット [ユーザー "
        "(Users)]、トランザクションタイプ [ユーザーの更新 - カスタムファイル (Update Users - Custom File)] を選択します。"
    ),
    f"{steps.BULK_JOB}.2": (
        "[ユーザー (Users)] > [ユーザーの更新 (Update Users)] > [カスタムファイル (Custom File)] でファイル名を選択します。"
    ),
    f"{steps.BULK_JOB}.3": (
        "[今すぐ実行 (Run Immediately)]、またはメンテナンス時間のために [後で実行 (Run Later)] を選択し、[送信 (Submit)] をクリックします。"
    ),
    f"{steps.BULK_JOB}.4": (
        "[ジョブスケジューラ (Job Scheduler)] でジョブが Completed になるまで待ち、ログを開きます。"
    ),
    f"{steps.BULK_JOB}.after": "ログに失敗した行がありません。このページを作り直すと、この手順はなくなります。",
    f"{steps.RESTART}.title": "サービスをノードごとに再起動する",
    f"{steps.RESTART}.where": (
        "https://{publisher}/ccmservice > ツール (Tools) > コントロールセンター - 機能サービス (Control Center - Feature Services)"
    ),
    f"{steps.RESTART}.why": "サービスは、信頼された証明書とゲートウェイを起動時にだけ読み込みます。",
    f"{steps.RESTART}.1": "最初のノードのサービスを再起動し、再び動作するまで待ちます。",
    f"{steps.RESTART}.2": "それから次のノードへ進みます。いつも一方のノードがユーザーにサービスを提供します。",
    f"{steps.RESTART}.after": (
        "プレイブックでもできます: ansible-playbook -i INVENTORY ucops.imp.presence_engine -e presence_engine_only_if_required=no"
    ),
    f"{steps.STATUS}.title": "すべてのゲートウェイが緑であることを確認する",
    f"{steps.STATUS}.where": (
        "https://{publisher}/cupadmin > プレゼンス (Presence) > ゲートウェイ (Gateways) > 各ゲートウェイ > Exchange Server のステータス "
        "(Exchange Server Status)"
    ),
    f"{steps.STATUS}.why": "ステータスの公開インターフェイスはありません。画面は最初の 10 台を確認します。",
    f"{steps.STATUS}.1": "Exchange の到達可能性 (Exchange Reachability (pingable)) が緑でなければなりません。",
    f"{steps.STATUS}.2": (
        "Exchange SSL の接続/認定の検証 (Exchange SSL Connection/Certificate Verification) が緑で、Verified と表示されなければなりません。"
    ),
    f"{steps.STATUS}.after": "赤のときは、ucops.imp.preflight がサーバーや証明書のどこが悪いかを示します。",
}

TEXTS: dict[str, Texts] = {"en": ENGLISH, "ja": JAPANESE}
"""The texts by language (ISO 639-1)."""
