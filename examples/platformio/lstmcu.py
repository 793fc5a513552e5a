# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""PlatformIO runs this inside its own SCons: the model is built, and linked with the project.

In platformio.ini: extra_scripts = post:lstmcu.py
"""

Import("env", "projenv")  # noqa: F821 (SCons's own)

LSTMCU = "../.."  # where lstmcu is checked out; ./scons was run there once

env.Tool("lstmcu", toolpath=[f"{LSTMCU}/site_scons/site_tools"])  # noqa: F821
trained = f"{LSTMCU}/models/forecast/forecast"
forecast = env.LstmModel(  # noqa: F821
    "forecast", model=f"{trained}.keras", samples=f"{trained}.npz", folder="$BUILD_DIR/forecast"
)
projenv.Append(CPPPATH=forecast.include)  # noqa: F821 (main.c includes forecast.h)
env.Append(LIBS=forecast)  # noqa: F821
