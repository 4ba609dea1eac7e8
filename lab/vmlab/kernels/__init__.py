# SPDX-License-Identifier: MIT
"""The kernels that guests boot, and the driver built for them."""
