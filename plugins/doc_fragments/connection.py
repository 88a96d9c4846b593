# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# One text for every kind of endpoint, so that the options read the same wherever they appear.
_TEMPLATE = r"""
options:
  hostname:
    description:
      - {server}
      - A host name, an IPv4 address or an IPv6 address without brackets. The server's certificate must name it.
      - If not set, the value of the environment variable E({prefix}_HOSTNAME) is used.
    type: str
    required: true
  port:
    description:
      - The port of the web service.
      - If not set, the value of the environment variable E({prefix}_PORT) is used.
    type: int
    default: {port}
  username:
    description:
      - {account}
      - If not set, the value of the environment variable E({prefix}_USERNAME) is used.
    type: str
    required: true
  password:
    description:
      - The account's password, at least four characters long, because masking a shorter one would garble the output.
      - One with line breaks or other control characters, or of blanks only, is refused before anything is sent.
      - Choose one that is no part of an ordinary word. Ansible hides it in all that a task returns, so the password
        C(Cisco) makes C(******** Presence Engine) of a service. The task warns then, and no option takes such a text.
      - If not set, the value of the environment variable E({prefix}_PASSWORD) is used.
    type: str
    required: true
  validate_certs:
    description:
      - Whether the server's certificate is verified. Set it to V(false) only to try something out.
      - If not set, the value of the environment variable E({prefix}_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - A file with the certificates of the authorities that may sign the server's certificate; no other is trusted.
        It is PEM, DER or PKCS#7.
      - Without it the authorities of the controller's system are trusted.
      - If not set, the value of the environment variable E({prefix}_CA_PATH) is used.
    type: path
  timeout:
    description:
      - Seconds that each try of a request may take, from connecting to the last byte of the answer.
      - If not set, the value of the environment variable E({prefix}_TIMEOUT) is used.
    type: int
    default: 30
  retries:
    description:
      - How often a request is tried again when the server has no time, in whatever words it says so, or the connection
        fails. The pauses grow from half a second to eight, or are as long as the server asks for, up to a minute.
      - A change whose answer got lost is never sent blindly again. The state is compared first.
    type: int
    default: 5
attributes:
  action_group:
    description: Use C(group/ucops.imp.{group}) in C(module_defaults) to set the connection once.
    support: full
    membership:
      - ucops.imp.{group}
      - ucops.imp.all
notes:
  - The module talks HTTPS to the cluster and runs on the controller, so use it with C(ansible_connection=local).
  - Proxies and CA bundles that the environment names (E(HTTPS_PROXY), E(REQUESTS_CA_BUNDLE)) are not used.
  - Long work shows how far it is while it runs, and writes it to the controller's system log at most every ten seconds.
    See L(Progress\, and what happens when a run is stopped,https://github.com/ucops/ucops.imp/blob/main/docs/progress.md).
requirements:
  - Python 3.10 or newer
  - The Python package C(requests), 2.28 or newer
"""

_CA_AUTH = r"""  auth:
    description:
      - How to log in. V(ntlm) authenticates each connection once and needs the Python package C(pyspnego).
      - If not set, the value of the environment variable E(UCOPS_CA_AUTH) is used.
    type: str
    choices:
      - basic
      - ntlm
    default: basic
"""

_AUTH = r"""
options:
  auth:
    description:
      - How to authenticate. The virtual directory C(PowerShell) of the server must allow it; basic authentication is
        off by default.
      - With V(negotiate) Kerberos is used where it is available, else NTLM.
      - If not set, the value of the environment variable E(UCOPS_EXCHANGE_AUTH) is used.
    type: str
    choices:
      - basic
      - ntlm
      - negotiate
    default: negotiate
"""


class ModuleDocFragment:
    # The annotations matter: ansible-test takes every plain assignment here for a literal text, and its yamllint fails.

    # CUCM: AXL of the publisher
    CUCM: str = _TEMPLATE.format(
        group="cucm",
        prefix="UCOPS_CUCM",
        port=8443,
        server="The publisher of Unified Communications Manager.",
        account="An application user with the role C(Standard AXL API Access).",
    )

    # IM and Presence: admin API and service control
    IMP: str = _TEMPLATE.format(
        group="imp",
        prefix="UCOPS_IMP",
        port=8443,
        server="A node of the IM and Presence Service, as a rule the publisher.",
        account="An application user with the roles C(Standard CCMADMIN Administration), C(Standard SERVICEABILITY).",
    )

    # Platform: certificate management of one server
    PLATFORM: str = _TEMPLATE.format(
        group="platform",
        prefix="UCOPS_PLATFORM",
        port=443,
        server="A node of the IM and Presence Service.",
        account="The administrator of the operating system, which is another account than the application user.",
    )

    # Presence Web Service of IM and Presence nodes
    PWS: str = _TEMPLATE.format(
        group="pws",
        prefix="UCOPS_PWS",
        port=8083,
        server="A node of the IM and Presence Service.",
        account="An application user in the access control group C(Admin-3rd Party API).",
    )

    # Certification authority: web enrollment of Active Directory Certificate Services
    CA: str = _TEMPLATE.format(
        group="ca",
        prefix="UCOPS_CA",
        port=443,
        server="The server with the web enrollment pages (C(/certsrv)) of the certification authority.",
        account=r"An account that may enroll, as C(DOMAIN\\user) or C(user@domain).",
    ).replace("attributes:\n", f"{_CA_AUTH}attributes:\n", 1)

    # Exchange: remote PowerShell
    EXCHANGE: str = (
        _TEMPLATE.format(
            group="exchange",
            prefix="UCOPS_EXCHANGE",
            port=443,
            server="An Exchange server with remote PowerShell (C(/PowerShell/)).",
            account="An Exchange administrator, a member of Organization Management.",
        ).replace("\noptions:\n", _AUTH, 1)
        + "  - The Python packages pypsrp and cryptography on the controller\n"
    )
