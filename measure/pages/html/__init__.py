# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as one HTML file that needs nothing else: docs/report.md tells what is on it."""
