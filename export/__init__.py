# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A measured model as a folder for somebody else's build: C, its papers, and files for the build systems."""
