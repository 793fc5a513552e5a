# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Modelled cycles against the cores' own hardware descriptions, simulated by Verilator; see docs/cycles.md."""
