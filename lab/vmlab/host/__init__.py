# SPDX-License-Identifier: MIT
"""The host's side: processes, the cache, QEMU, the guest's memory, and the true time."""
