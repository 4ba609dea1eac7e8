# SPDX-License-Identifier: MIT
"""A guest: its machine, its content, and operations on it."""
