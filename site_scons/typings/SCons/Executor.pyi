# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
from SCons.Node.FS import File

class Executor:
    def get_all_targets(self) -> list[File]: ...
    def get_all_sources(self) -> list[File]: ...
