# SPDX-License-Identifier: MIT
"""The virtual machine laboratory: real kernels, real and simulated VMClock pages."""
