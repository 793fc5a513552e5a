# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What lstmcu uses of SCons, which says nothing of its types itself: for mypy, never imported."""
