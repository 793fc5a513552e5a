# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Recurrent cells found again in graphs of elementary operators: by what is computed, whatever the operators' order."""
