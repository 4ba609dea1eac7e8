# SPDX-License-Identifier: MIT
"""A guest: its machine, what is in it, and what is done with it."""
