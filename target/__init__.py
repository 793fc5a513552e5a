# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""One core: its TOML as data, its compiler, what its ELF files are, linking."""
