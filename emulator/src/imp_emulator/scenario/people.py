# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users of a cluster as a scenario declares them, and the LDAP directories that they come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserSpec:
    """An end user as the scenario declares it; nothing is enabled unless it says so.

    Attributes:
        home_cluster: Whether the cluster is its home.
        locale: Its language as Unified CM names it, for example ``Japanese Japan``; ``""`` for the cluster's default.
        ldap_directory: The name of the LDAP directory that it comes from; ``""`` for a local user.
        access_control_groups: The names of its access control groups.
    """

    userid: str
    first_name: str
    last_name: str
    mail: str
    department: str
    im_and_presence: bool = False
    meeting_information: bool = False
    locale: str = ""
    home_cluster: bool = True
    ldap_directory: str = ""
    access_control_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureGroupTemplateSpec:
    """A feature group template: the options that a synchronisation gives to the users of a directory."""

    name: str
    description: str = ""
    home_cluster: bool = True
    im_and_presence: bool = False
    meeting_information: bool = False


@dataclass(frozen=True, slots=True)
class LdapDirectorySpec:
    """An agreement with an LDAP directory, which users come from.

    Attributes:
        feature_group_template: The name of its template; ``""`` when it has none.
        every_hours: How often it is synchronised, in hours of the virtual clock; 0 for only when asked to.
    """

    name: str
    feature_group_template: str = ""
    every_hours: int = 0
