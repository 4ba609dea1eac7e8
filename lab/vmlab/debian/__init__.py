# SPDX-License-Identifier: MIT
"""Small Debian systems: the workshop, the systems for building packages, and those of guests."""
