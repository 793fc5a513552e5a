# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Small wrong changes to the project, each made alone, and whether the tests notice: ``scons mutants``."""
