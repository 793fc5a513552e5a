# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The words of the command line: which there are, what they mean, and a sentence for every mistake."""
