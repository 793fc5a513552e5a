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
env.Compare(folder, target, network, trained, samples, traced_elf, card, inputs, 300)  # compare.txt .json .png
env.Accuracy("docs/accuracy.md", reports)                            # pages of the docs
env.Shipped("docs/reports/forecast.md", reports_of_one_model)
env.Shape(model); env.BenchTable("build/bench", reports)             # the peers' networks: bench.json .txt .png
env.RtlTable("build/rtl.txt", env.RtlCheck(folder, target, elf, card, inputs, profiler, 300))
"""

from __future__ import annotations

from pathlib import Path

from SCons.Script import Environment


def _profiler(env: Environment, folder: str) -> list:
    source, header = (env.FileAt(f"measure/run/profiler/{name}") for name in ("profiler.c", "plugin_api.h"))
    made = env.FileAt(f"{folder}/profiler.so")
    words = [env["HOSTCC"], "-std=c11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", made, source]
    return env.Command(made, [source, header], env.Step("HOSTCC", words))


def _run(env: Environment, folder: str, target, elf: list, card, inputs, profiler: list, timeout: int) -> list:
    targets = [env.FileAt(f"{folder}/{name}") for name in ("outputs.npy", "bench.txt", "profile.txt")]
    words = [f"--target={target.reference}", "--elf", *elf, "--model", card, "--inputs", inputs]
    words += ["--profiler", *profiler, "--timeout", str(timeout)]
    words += ["--outputs", targets[0], "--bench", targets[1], "--profile", targets[2]]
    nodes = env.PythonProgram("measure.run", targets, [*elf, card, inputs, *profiler], *words, tag="RUN")
    env.Depends(nodes, env.FileAt(target.file))
    return nodes


def _report(env: Environment, folder: str, target, objects: list, options, **inputs) -> list:
    made = env.FileAt(f"{folder}/report.json")
    words = [f"--target={target.reference}", "--compiler", env["COMPILER"]]
    words += [f"--flags={env['REPORTED_FLAGS']}", "--out", made, "--flash-wait", str(options.flash_wait)]
    words += ["--clock", str(options.clock), "--period", str(options.period)] if options.clock else []
    for name, node in inputs.items():
        words += [f"--{name.replace('_', '-')}", node]
    linked = [*objects, *env["LIBRARIES"]]  # a kernel set may bring a library along
    libraries = [path for path in linked if str(path).endswith(".a")]
    words += ["--objects", *(path for path in linked if str(path).endswith(".o")), "--libraries", *libraries]
    nodes = env.PythonProgram("measure.report", [made], list(inputs.values()), *words, tag="REPORT")
    env.Depends(nodes, [*_told(env, inputs["samples"]), env.FileAt(target.file)])
    return nodes


def _told(env: Environment, samples) -> list:
    """What the values mean, where the samples' maker says it."""
    metadata = Path(samples.abspath).with_suffix(".json")
    return [env.FileAt(metadata)] if metadata.is_file() else []


def _compare(
    env: Environment, folder: str, target, network: list, trained: list, samples, elf: list, card, inputs, timeout: int
) -> list:
    made = env.FolderAt(folder)
    words = [*network, "--trained", *trained, "--samples", samples, "--elf", *elf]
    words += ["--card", card, "--inputs", inputs, f"--target={target.reference}"]
    words += ["--timeout", str(timeout), "--out", made]
    sources = [*network, *elf, card, inputs, *trained, samples]
    targets = [made.File(f"compare.{ending}") for ending in ("txt", "json", "png")]
    return env.PythonProgram("measure.checks.difference", targets, sources, *words, tag="COMPARE")[:1]


def _hotspots(env: Environment, folder: str, target, elf, card, profile, flash_wait: int) -> list:
    made = env.FolderAt(folder)
    words = [f"--target={target.reference}", "--elf", elf, "--model", card, "--profile", profile]
    words += ["--flash-wait", str(flash_wait), "--out", made]
    targets = [made.File(name) for name in ("hotspots.txt", "annotated.txt", "profile.json")]
    nodes = env.PythonProgram("measure.cost.hotspots", targets, [elf, card, profile], *words, tag="HOTSPOTS")
    env.Depends(nodes, env.FileAt(target.file))
    return nodes[:1]


def _rtl_check(env: Environment, folder: str, target, elf, card, inputs, profiler: list, timeout: int) -> list:
    cores, made = [_rtl_core(env, core) for core in ("ibex", "cv32e40p")], env.FileAt(f"{folder}/rtl.json")
    words = [f"--target={target.reference}", "--elf", elf, "--model", card, "--inputs", inputs]
    words += ["--profiler", *profiler, "--timeout", str(timeout), "--out", made, *cores]
    sources = [elf, card, inputs, *profiler, *cores]
    return env.PythonProgram("measure.checks.rtl.simulate", [made], sources, *words, tag="RTL")


def _rtl_core(env: Environment, core: str):
    made = env.FileAt(f"build/rtl/{core}/core")
    if not made.has_builder():
        sources = [env.FileAt(f"measure/checks/rtl/{name}") for name in (f"{core}.sv", "harness.cpp")]
        env.PythonProgram("measure.checks.rtl.core", [made], sources, "--core", core, "--out", made, tag="VERILATOR")
    return made


def _page_of(env: Environment, module: str, path: str, sources: list, *words, tag: str) -> list:
    """One file made of others, ``sources``, which the program takes last."""
    made = env.FileAt(path)
    return env.PythonProgram(module, [made], sources, *words, "--out", made, *sources, tag=tag)


def _rtl_table(env: Environment, path: str, compared: list) -> list:
    return _page_of(env, "measure.checks.rtl.listing", path, compared, tag="TABLE")


def _accuracy(env: Environment, path: str, reports: list) -> list:
    nodes = _page_of(env, "measure.pages.accuracy", path, reports, tag="DOC")
    env.NoClean(nodes)  # committed
    return nodes


def _shape(env: Environment, model) -> list:
    trained = env.FileAt(model.path)
    if trained.has_builder():
        return []
    targets = [trained, env.FileAt(model.path.with_suffix(".toml")), env.FileAt(model.samples)]
    return env.PythonProgram("measure.cost.bench.shapes", targets, [], model.stem, "--out", trained.dir, tag="SHAPE")


def _bench_table(env: Environment, folder: str, reports: list) -> list:
    made, peers = env.FolderAt(folder), env.FileAt("measure/cost/bench/peers/peers.csv")
    targets = [made.File(f"bench.{ending}") for ending in ("json", "txt", "md", "png")]
    words = ["--out", made, "--peers", peers, *reports]
    return env.PythonProgram("measure.cost.bench.ratios", targets, [peers, *reports], *words, tag="BENCH")


def _comparison(env: Environment, path: str, reports: list) -> list:
    made, peers = env.FileAt(path), env.FileAt("measure/cost/bench/peers/peers.csv")
    words = ["--peers", peers, "--out", made, *reports]
    nodes = env.PythonProgram("measure.pages.frameworks", [made], [peers, *reports], *words, tag="DOC")
    env.NoClean(nodes)  # committed
    return nodes


def _figures(env: Environment, folder: str, network: list, inputs) -> list:
    made = env.FolderAt(folder)
    words = [*network, "--inputs", inputs, "--out", made]
    targets = [made.File(name) for name in ("step.svg", "table.svg", "rounding.svg", "gates.svg", "facts.json")]
    nodes = env.PythonProgram("measure.pages.figures", targets, [*network, inputs], *words, tag="DRAW")
    env.NoClean(nodes)  # committed
    return nodes


def _shipped(env: Environment, path: str, reports: list) -> list:
    nodes = _page_of(env, "measure.pages.shipped", path, reports, tag="DOC")
    env.NoClean(nodes)  # committed
    return nodes


def _judged(skipped: list[str], limits: tuple, budget: str) -> list[str]:
    words = [f"--skipped={sentence}" for sentence in skipped] + [f"--limit={what}={limit}" for what, limit in limits]
    return words + ([f"--budget={budget}"] if budget else [])


def _page(env: Environment, path: str, builds: list, skipped: list[str], limits: tuple, budget: str) -> list:
    made = env.FileAt(path)
    words, sources = ["--out", made, *_judged(skipped, limits, budget)], []
    for report, samples, ideal in builds:
        words += ["--build", report, samples, ideal]
        sources += [report, *map(report.dir.File, ("model.json", "outputs.npy", "profile.json")), ideal, samples]
        sources += _told(env, samples)
    nodes = env.PythonProgram("measure.pages.html.render", [made], sources, *words, tag="PAGE")
    env.Depends(nodes, [env.FileAt(f"measure/pages/html/{name}") for name in ("report.html.jinja", "style.css")])
    env.Depends(nodes, [env.FileAt(budget)] if budget else [])
    return nodes


def _table(env: Environment, folder: str, reports: list, skipped: list[str], limits: tuple, budget: str) -> list:
    targets = [env.FileAt(f"{folder}/{name}") for name in ("report.txt", "report.md", "junit.xml")]
    words = ["--out", targets[0], "--markdown", targets[1], "--junit", targets[2]]
    words += _judged(skipped, limits, budget)
    nodes = env.PythonProgram("measure.pages.show", targets, reports, *words, *reports, tag="TABLE")
    env.Precious(nodes[1:])  # they tell what failed
    env.Depends(nodes, [env.FileAt(budget)] if budget else [])
    return nodes


def _parts(env: Environment, path: str, reports: list) -> list:
    return _page_of(env, "measure.pages.parts", path, reports, tag="SIZES")


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
