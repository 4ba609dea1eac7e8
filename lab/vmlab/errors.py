# SPDX-License-Identifier: MIT
"""The three ways in which laboratory work ends early."""


class LabError(Exception):
    """The laboratory itself cannot work here; the text says why and what helps."""


class Failed(Exception):
    """What was being tested did not do what it should."""


class Skipped(Exception):
    """This machine cannot run the test; the text says why."""
