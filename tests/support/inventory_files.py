# Copyright (c) 2026 ucops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the variables of an inventory file as ansible does, as far as values go: templates stay text."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """Takes what is marked as unsafe for the text that it is."""

    def construct_unsafe(self, node: yaml.ScalarNode) -> str:
        return str(self.construct_scalar(node))


_Loader.add_constructor("!unsafe", _Loader.construct_unsafe)


def load(text: str) -> Any:
    """Return what a YAML text holds."""
    return yaml.load(text, _Loader)
