# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Endings of files that users give. Only data: the SCons tools of foreign builds read it without a package."""

SAMPLES = (".npz", ".npy", ".csv")  # the first that lies beside a model is taken
