# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's settings for the HTML site; ``make docs-site`` puts the pages together and builds it."""

import os
import zlib
from pathlib import Path

_ANSIBLE = "https://docs.ansible.com/projects/ansible/devel/"
_EXTERNAL = {
    ("std:label", "action_plugins"): "plugins/action.html#action-plugins",
    ("std:label", "ansible_configuration_settings"): "reference_appendices/config.html#ansible-configuration-settings",
    ("std:label", "callback_plugins"): "plugins/callback.html#callback-plugins",
    ("std:label", "common_return_values"): "reference_appendices/common_return_values.html#common-return-values",
} | {
    ("std:envvar", name): f"reference_appendices/config.html#envvar-{name}"
    for name in (
        "ANSIBLE_CACHE_PLUGIN",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION",
        "ANSIBLE_CACHE_PLUGIN_PREFIX",
        "ANSIBLE_CACHE_PLUGIN_TIMEOUT",
    )
}
"""What the plugins' pages refer to in Ansible's documentation, and where it stands there.

Sphinx could ask that site for its inventory instead. So it builds without a network, and any other reference that leads
nowhere fails the build.
"""


def _write_inventory(path: Path) -> None:
    """Write ``_EXTERNAL`` in the format of Sphinx's own inventories."""
    lines = [f"{name} {role} -1 {url} {name}\n" for (role, name), url in _EXTERNAL.items()]
    head = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: devel\n# The rest is compressed using zlib.\n"
    path.write_bytes(head.encode() + zlib.compress("".join(lines).encode()))


_inventory = Path(os.environ["DOCS_SITE_FOLDER"]) / "ansible.inv"
_write_inventory(_inventory)

project = "ucops.imp"
author = "ucops contributors"
copyright = "2026 ucops contributors"  # noqa: A001 - Sphinx's name
title = html_title = html_short_title = "ucops.imp"

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
intersphinx_mapping = {"ansible_devel": (_ANSIBLE, str(_inventory))}
myst_heading_anchors = 3

html_theme = "sphinx_ansible_theme"
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_copy_source = False
html_show_sphinx = False
html_use_index = False
default_role = "any"
nitpicky = True
