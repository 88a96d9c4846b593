# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where users come from and what they belong to: LDAP directories, their templates, access control groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from imp_emulator.scenario.model import ScenarioError
from imp_emulator.scenario.people import FeatureGroupTemplateSpec, LdapDirectorySpec, UserSpec
from imp_emulator.scenario.reader import Pattern, Section, unique

GROUPS, TEMPLATES, DIRECTORIES = "access_control_groups", "feature_group_templates", "ldap_directories"
"""The keys of a cluster."""
_NAME = Pattern(r"\S(?:.{0,48}\S)?", "text of 1 to 50 characters")
_LONGEST_GROUP = 128
_GROUP_WORDS = f"a name of 1 to {_LONGEST_GROUP} characters in one line"
_YEAR_OF_HOURS = 24 * 366


class Directories(NamedTuple):
    """What a cluster has of each of the three."""

    groups: tuple[str, ...]
    templates: tuple[FeatureGroupTemplateSpec, ...]
    directories: tuple[LdapDirectorySpec, ...]


def group_names(section: Section) -> tuple[str, ...]:
    """Read the names of access control groups, of a cluster or of a user."""
    return section.texts(GROUPS, _group, _GROUP_WORDS, [])


def read_directories(cluster: Section) -> Directories:
    """Read the three lists of a cluster.

    Raises:
        ScenarioError: They break a rule.
    """
    groups = group_names(cluster)
    templates = tuple(_template(section) for section in cluster.sections(TEMPLATES, []))
    unique(cluster.at(TEMPLATES), (template.name for template in templates))
    names = [template.name for template in templates]
    directories = tuple(_directory(section, names) for section in cluster.sections(DIRECTORIES, []))
    unique(cluster.at(DIRECTORIES), (directory.name for directory in directories))
    return Directories(groups, templates, directories)


def check_users(place: str, users: Iterable[UserSpec], known: Directories) -> None:
    """Refuse users of directories that the cluster does not have; their groups are looked at when they are stored.

    Raises:
        ScenarioError: There is one.
    """
    directories = {directory.name for directory in known.directories} | {""}
    for user in users:
        if user.ldap_directory not in directories:
            rule = f"must be one of {DIRECTORIES}, not {user.ldap_directory!r}"
            raise ScenarioError(f"{place}: ldap_directory of {user.userid}", rule)


def _template(section: Section) -> FeatureGroupTemplateSpec:
    template = FeatureGroupTemplateSpec(
        name=section.text("name", _NAME),
        description=section.text("description", default=""),
        home_cluster=section.flag("home_cluster", True),
        im_and_presence=section.flag("im_and_presence", False),
        meeting_information=section.flag("meeting_information", False),
    )
    section.end()
    if template.meeting_information and not (template.home_cluster and template.im_and_presence):
        raise ScenarioError(section.at("meeting_information"), "needs home_cluster and im_and_presence")
    return template


def _directory(section: Section, templates: Sequence[str]) -> LdapDirectorySpec:
    directory = LdapDirectorySpec(
        name=section.text("name", _NAME),
        feature_group_template=section.text("feature_group_template", default=""),
        every_hours=section.number("every_hours", 0, _YEAR_OF_HOURS, 0),
    )
    section.end()
    if directory.feature_group_template not in ("", *templates):
        rule = f"must be one of {TEMPLATES}, not {directory.feature_group_template!r}"
        raise ScenarioError(section.at("feature_group_template"), rule)
    return directory


def _group(text: str) -> str:
    if not 0 < len(text) <= _LONGEST_GROUP or text != text.strip() or not text.isprintable():
        raise ValueError(text)
    return text
