# SPDX-License-Identifier: MIT
"""Small Debian systems: the workshop, those that packages are built in, and those of guests."""
