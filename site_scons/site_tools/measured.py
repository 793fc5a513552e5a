# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run firmware under QEMU and report what it needs.

    profiler = env.Profiler("build/profiler")
    run = env.Run(folder, target, elf, card, inputs, profiler, 300)      # outputs.npy bench.txt profile.txt
    report = env.Report(folder, target, ...)                             # report.json
    env.Table("build", reports, skipped, (("flash", 12288),), "")        # report.txt .md junit.xml, or fails
    env.Hotspots(folder, target, elf, card, profile, 0)                  # hotspots.txt annotated.txt profile.json
    env.Parts("build/sizes.md", reports)                                 # where the bytes go
    env.Page("build/report.html", [(report, samples, ideal), ...], skipped, limits, budget)
    env.Compare(folder, target, network, model, traced_elf, card, inputs, 300)  # compare.txt .json .png
    env.Accuracy("docs/accuracy.md", reports)                            # pages of the docs
    env.Shipped("docs/reports/forecast.md", reports_of_one_model)
    env.Shape(model); env.BenchTable("build/bench", reports)             # the peers' networks: bench.json .txt .png
    env.RtlTable("build/rtl.txt", env.RtlCheck(folder, target, elf, card, inputs, profiler, 300))
"""

from __future__ import annotations

from pathlib import Path

from SCons.Script import Action, Environment, File


def _profiler(env: Environment, folder: str) -> list:
    sources = [File("#measure/profiler/profiler.c"), File("#measure/profiler/plugin_api.h")]
    command = [["$HOSTCC", "-std=c11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", "$TARGET", "$SOURCE"]]
    return env.Command(f"{folder}/profiler.so", sources, [Action(command, "[HOSTCC] $TARGET")])


def _run(env: Environment, folder: str, target, elf: list, card, inputs, profiler: list, timeout: int) -> list:
    words = ["--target", target.reference, "--elf", "$SOURCE", "--model", "${SOURCES[1]}", "--inputs", "${SOURCES[2]}"]
    words += ["--profiler", "${SOURCES[3]}", "--timeout", str(timeout)]
    words += ["--outputs", "$TARGET", "--bench", "${TARGETS[1]}", "--profile", "${TARGETS[2]}"]
    targets = [f"{folder}/{name}" for name in ("outputs.npy", "bench.txt", "profile.txt")]
    nodes = env.PythonProgram("measure.run", targets, [*elf, card, inputs, *profiler], *words, tag="RUN")
    env.Depends(nodes, File(str(target.file)))
    return nodes


def _report(env: Environment, folder: str, target, objects: list, options, **inputs) -> list:
    words = ["--target", target.reference, "--compiler", env["COMPILER"]]
    words += ["--flags", env["REPORTED_FLAGS"], "--out", "$TARGET", "--flash-wait", str(options.flash_wait)]
    words += ["--clock", str(options.clock), "--period", str(options.period)] if options.clock else []
    for name, node in inputs.items():
        words += [f"--{name.replace('_', '-')}", str(node)]
    words += ["--objects", *map(str, objects), "--libraries", *(lib for lib in env["LIBRARIES"] if lib.endswith(".a"))]
    nodes = env.PythonProgram("measure.report", [f"{folder}/report.json"], list(inputs.values()), *words, tag="REPORT")
    metadata = Path(inputs["samples"]).with_suffix(".json")  # what the values mean, where the samples' maker says it
    env.Depends(nodes, [File(str(metadata))] if metadata.is_file() else [])
    env.Depends(nodes, File(str(target.file)))
    return nodes


def _compare(
    env: Environment, folder: str, target, network: list, model, elf: list, card, inputs, timeout: int
) -> list:
    words = ["$SOURCE", "--trained", str(model.path), "--samples", str(model.samples), "--elf", "${SOURCES[1]}"]
    words += ["--card", "${SOURCES[2]}", "--inputs", "${SOURCES[3]}", "--target", target.reference]
    words += ["--timeout", str(timeout), "--out", "${TARGET.dir}"]
    sources = [*network, *elf, card, inputs, str(model.path), str(model.samples)]
    targets = [f"{folder}/compare.{ending}" for ending in ("txt", "json", "png")]
    return env.PythonProgram("measure.compare", targets, sources, *words, tag="COMPARE")[:1]


def _hotspots(env: Environment, folder: str, target, elf, card, profile, flash_wait: int) -> list:
    words = ["--target", target.reference, "--elf", "$SOURCE", "--model", "${SOURCES[1]}", "--profile", "${SOURCES[2]}"]
    words += ["--flash-wait", str(flash_wait), "--out", "${TARGET.dir}"]
    targets = [f"{folder}/{name}" for name in ("hotspots.txt", "annotated.txt", "profile.json")]
    nodes = env.PythonProgram("measure.hotspots", targets, [elf, card, profile], *words, tag="HOTSPOTS")
    env.Depends(nodes, File(str(target.file)))
    return nodes[:1]


def _rtl_check(env: Environment, folder: str, target, elf, card, inputs, profiler: list, timeout: int) -> list:
    words = ["--target", target.reference, "--elf", "$SOURCE", "--model", "${SOURCES[1]}", "--inputs", "${SOURCES[2]}"]
    words += ["--profiler", "${SOURCES[3]}", "--timeout", str(timeout), "--out", "$TARGET", "${SOURCES[4:]}"]
    cores = [_rtl_core(env, core) for core in ("ibex", "cv32e40p")]
    sources = [elf, card, inputs, *profiler, *cores]
    return env.PythonProgram("measure.rtl.check", [f"{folder}/rtl.json"], sources, *words, tag="RTL")


def _rtl_core(env: Environment, core: str):
    made = File(f"#build/rtl/{core}/core")
    if not made.has_builder():
        sources = [File(f"#measure/rtl/{core}.sv"), File("#measure/rtl/harness.cpp")]
        env.PythonProgram("measure.rtl.core", [made], sources, "--core", core, "--out", "$TARGET", tag="VERILATOR")
    return made


def _rtl_table(env: Environment, path: str, compared: list) -> list:
    return env.PythonProgram("measure.rtl.table", [path], compared, "--out", "$TARGET", "$SOURCES", tag="TABLE")


def _accuracy(env: Environment, path: str, reports: list) -> list:
    nodes = env.PythonProgram("measure.accuracy", [path], reports, "--out", "$TARGET", "$SOURCES", tag="DOC")
    env.NoClean(nodes)  # committed
    return nodes


def _shape(env: Environment, model) -> list:
    if File(str(model.path)).has_builder():
        return []
    targets = [str(model.path), str(model.path.with_suffix(".toml")), str(model.samples)]
    return env.PythonProgram("measure.bench.shapes", targets, [], model.stem, "--out", "${TARGET.dir}", tag="SHAPE")


def _bench_table(env: Environment, folder: str, reports: list) -> list:
    words = ["--out", folder, "--peers", "${SOURCES[0]}", "${SOURCES[1:]}"]
    targets = [f"{folder}/bench.{ending}" for ending in ("json", "txt", "md", "png")]
    sources = [File("#measure/peers/peers.csv"), *reports]
    return env.PythonProgram("measure.bench.table", targets, sources, *words, tag="BENCH")


def _comparison(env: Environment, path: str, reports: list) -> list:
    peers = File("#measure/peers/peers.csv")
    words = ["--peers", "$SOURCE", "--out", "$TARGET", "${SOURCES[1:]}"]
    nodes = env.PythonProgram("measure.comparison", [path], [peers, *reports], *words, tag="DOC")
    env.NoClean(nodes)  # committed
    return nodes


def _figures(env: Environment, folder: str, network: list, inputs) -> list:
    words = ["$SOURCE", "--inputs", "${SOURCES[1]}", "--out", "${TARGET.dir}"]
    names = ("step.svg", "table.svg", "rounding.svg", "gates.svg", "facts.json")
    targets = [f"{folder}/{name}" for name in names]
    nodes = env.PythonProgram("measure.figures", targets, [*network, inputs], *words, tag="DRAW")
    env.NoClean(nodes)  # committed
    return nodes


def _shipped(env: Environment, path: str, reports: list) -> list:
    nodes = env.PythonProgram("measure.shipped", [path], reports, "--out", "$TARGET", "$SOURCES", tag="DOC")
    env.NoClean(nodes)  # committed
    return nodes


def _judged(skipped: list[str], limits: tuple, budget: str) -> list[str]:
    words = [f"--skipped={sentence}" for sentence in skipped] + [f"--limit={what}={limit}" for what, limit in limits]
    return words + (["--budget", budget] if budget else [])


def _page(env: Environment, path: str, builds: list, skipped: list[str], limits: tuple, budget: str) -> list:
    words, sources = ["--out", "$TARGET", *_judged(skipped, limits, budget)], []
    for report, samples, ideal in builds:
        words += ["--build", str(report), samples, str(ideal)]
        told = Path(samples).with_suffix(".json")
        sources += [report, *map(report.dir.File, ("model.json", "outputs.npy", "profile.json")), ideal, File(samples)]
        sources += [File(str(told))] if told.is_file() else []
    nodes = env.PythonProgram("measure.page.render", [path], sources, *words, tag="PAGE")
    env.Depends(nodes, [File(f"#measure/page/{name}") for name in ("report.html.jinja", "style.css")])
    env.Depends(nodes, [File(budget)] if budget else [])
    return nodes


def _table(env: Environment, folder: str, reports: list, skipped: list[str], limits: tuple, budget: str) -> list:
    targets = [f"{folder}/{name}" for name in ("report.txt", "report.md", "junit.xml")]
    words = ["--out", "$TARGET", "--markdown", "${TARGETS[1]}", "--junit", "${TARGETS[2]}"]
    words += _judged(skipped, limits, budget)
    nodes = env.PythonProgram("measure.show", targets, reports, *words, "$SOURCES", tag="TABLE")
    env.Depends(nodes, [File(budget)] if budget else [])
    return nodes


def _parts(env: Environment, path: str, reports: list) -> list:
    return env.PythonProgram("measure.parts", [path], reports, "--out", "$TARGET", "$SOURCES", tag="SIZES")


def generate(env: Environment) -> None:
    """Add what the module's text shows to ``env``."""
    env.AddMethod(_profiler, "Profiler")
    env.AddMethod(_run, "Run")
    env.AddMethod(_report, "Report")
    env.AddMethod(_compare, "Compare")
    env.AddMethod(_shape, "Shape")
    env.AddMethod(_bench_table, "BenchTable")
    env.AddMethod(_hotspots, "Hotspots")
    env.AddMethod(_accuracy, "Accuracy")
    env.AddMethod(_comparison, "Comparison")
    env.AddMethod(_figures, "Figures")
    env.AddMethod(_rtl_check, "RtlCheck")
    env.AddMethod(_rtl_table, "RtlTable")
    env.AddMethod(_shipped, "Shipped")
    env.AddMethod(_table, "Table")
    env.AddMethod(_page, "Page")
    env.AddMethod(_parts, "Parts")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
