# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The tool's version, named in everything it generates."""

VERSION = "0.1.0"
