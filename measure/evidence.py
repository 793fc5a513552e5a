# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The tiers of evidence for cycles, modelled or counted, which stand beside every count that is shown."""

from __future__ import annotations

RTL_EXACT = "RTL-exact"  # the same ELF on the core's own hardware description
DOCUMENTED = "documented"  # the core's manual, not compared with a core by this project
ONE_SOURCE = "one source"  # not the manual's: its maker publishes no table
MEASURED = "measured"  # not modelled at all: the core's own counter, on a board
EMULATED = "emulated"  # an emulator's counter, which follows its instructions: no cycles
INTERVAL = "interval"  # in place of a tier, from slow flash: the truth lies within, and nothing says where
