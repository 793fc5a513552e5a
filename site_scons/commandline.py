# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of the command line: what they mean, their defaults, and a sentence for every mistake."""

from __future__ import annotations

import os
import re
import shutil
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernels.cmsis_nn import library as cmsis_nn
from measure.checks import budget
from model import endings, kinds, metadata
from model.errors import UserError
from model.names import c_identifier
from model.sample_file import check as check_samples
from target import compiler
from target.compiler import COMPILERS
from target.description import Target, did_you_mean, load_target, target_names

MODELS = Path("models")  # shipped: models/<name>/<name>.keras
MODEL_ENDINGS = tuple(kinds.ENDINGS)
LONGEST_NAME = 200  # bytes of a model's or target's name: files of up to 255 are named after it
NOT_IN_NAMES = re.compile(  # what no page, table or comment could show on its line, and what is not UTF-8
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
FOLDERS_OF_BUILD = ("models", "profiler", "bench", "rtl", "convert")  # beside those of targets
QUANTISATIONS = ("float32", "dynamic", "int8", "int16x8")
OPTIMIZE = ("size", "balanced", "speed")
# what these kernel sets have kernels for; the rest of them is kernel set c
KERNELS_FOR = {"asm": ("int8",), "asm-fp": ("int8", "float32"), "cmsis-nn": ("int8", "int16x8")}

# option: (default, help)
OPTIONS = {
    "target": ("cortex-m4", "core to build for: a name, a list (a,b) or all"),
    "toolchain": ("", "a target of your own: the path of its .toml (docs/your-target.md), or a list"),
    "compiler": ("gcc", "gcc | clang, for targets whose file has a [clang] table"),
    "model": ("forecast", "a shipped model's name, the path of a trained model, a list (a,b), or all shipped ones"),
    "samples": ("", "windows to calibrate on and compare; default: the .npz, .npy or .csv beside the model"),
    "quant": ("", f"{' | '.join(QUANTISATIONS)}, a list, or all; default: int8, or as the file is"),
    "kernels": ("", "kernel set (asm | c | cmsis-nn), a list or all; default: the best of the target"),
    "cmsis_nn": ("", "for kernels=cmsis-nn: the folder of a CMSIS-NN you built, Include/ and libcmsis-nn.a"),
    "optimize": ("balanced", f"{' | '.join(OPTIMIZE)}, a list or all: the same bits, other tables, packing, loops"),
    "state": ("window", "window: a whole window a call, from reset; stream: one time step a call, going on"),
    "cache": ("", "folder that keeps what was built, to be found again after a change and back"),
    "cache_key": ("", "for a cache= shared with others: the file of a key that only those you trust can read"),
    "ccache": ("", "1: compile through ccache; redis://host:port: and share with other machines (docs/build.md)"),
    "dest": ("", "for export: the folder or .zip to write"),
    "flash_max": ("", "fail above these bytes of flash, 12K; so do ram_max= and stack_max="),
    "ram_max": ("", "of the state struct"),
    "stack_max": ("", "of the deepest call"),
    "instructions_max": ("", "fail above these instructions a call, 300k"),
    "cycles_max": ("", "fail above these modelled cycles a call, where the target has a timing model"),
    "budget": ("", "a .toml with such limits, by target and model"),
    "flash_wait": ("0", "wait states of each flash access in modelled cycles, without prefetch (docs/cycles.md)"),
    "clock": ("", "of the core, 64MHz: gives milliseconds a call where there is a timing model"),
    "period": ("", "for clock=: time between two samples, 20ms; default: as the samples' .json says"),
    "baseline": ("baseline.json", "for baseline and diff: the file that keeps the figures"),
    "timeout": ("300", "seconds of a processor a run may take, or may do nothing"),
    "verbose": ("0", "1 shows every command in full"),
}

ALIASES = {
    "report": "build what is asked for and print its table",
    "sizes": "where flash, RAM, stack and instructions go: files, functions, arrays",
    "page": "the reports as one HTML file, build/report.html: plots, accuracy, targets, where it comes from",
    "baseline": "keep the figures of what is asked for in baseline=",
    "diff": "what has changed since, per function",
    "profile": "where the time goes: phases, functions, distance from the core's limit, annotated instructions",
    "compare": "where device, reference and trained model first differ: layer, gate, step",
    "rtl": "modelled cycles against the Ibex and CV32E40P cores' own Verilog; with target=rv32imc",
    "bench": "this project against its peers on their four shapes: ratios, flash, RAM, stack (build/bench/)",
    "bench-docs": "bench with the assembly of every target, into docs/bench.md",
    "docs": "build every shipped model for every target and write docs/accuracy.md, comparison.md, reports/",
    "figures": "draw the figures of docs/arithmetic.md again",
    "export": "write models with all the C they need into dest=, for your own build",
    "misra": "check the C of what is asked for against MISRA C:2012, with cppcheck",
    "convert": "make .tflite files of a Keras or PyTorch model: float, dynamic range and int8",
    "build-times": "how long builds take: nothing to do, a kernel edited, every target",
    "test": "run the tests",
    "test-all": "run the tests with the longest sweeps",
    "mutants": "try small wrong changes, and see whether the tests notice (docs/tests.md)",
    "train": "train the shipped models again",
}

EXAMPLES = (
    ("scons target=cortex-m4", "the shipped forecast model on a Cortex-M4"),
    ("scons target=cortex-m4 model=forecast-window quant=float32", "another model, not quantised"),
    ("scons target=cortex-m4 model=my.keras samples=my.npz", "your own model"),
    ("scons target=all model=all quant=all", "every target, shipped model and quantisation, in one table"),
    ("scons target=cortex-m55 compiler=clang", "another compiler"),
    ("scons toolchain=my.toml", "your own target"),
    ("scons export target=cortex-m4 model=forecast dest=out", "the C of a measured model, for your own build"),
    ("scons profile target=cortex-m4", "where the time goes"),
    ("scons target=cortex-m4 clock=64MHz flash_wait=2", "how long it takes at this clock, from slow flash"),
    ("scons report state=stream", "time step by time step, and the table again"),
)


@dataclass(frozen=True)
class Model:
    """A trained model to build: ``stem`` names its folder in build/."""

    stem: str
    path: Path
    samples: Path | None  # None: a quantised model without samples, to be run on random ones
    quantisation: str  # what the file says; float32 for one that can still be quantised


Build = tuple[Model, str, str]  # a model, its quantisation and state


@dataclass(frozen=True)
class Options:
    """What the user asked for, checked."""

    targets: tuple[Target, ...]
    skipped: tuple[str, ...]  # a sentence for each target that target=all leaves out
    builds: tuple[Build, ...]  # every model in every quantisation asked for
    kernels: str  # empty: each target's best
    cmsis_nn: str  # prefix; empty: none
    optimize: tuple[str, ...]  # of OPTIMIZE
    compiler: str
    cache: str  # empty: none
    cache_key: str  # a file; empty: the user's own
    ccache: str  # empty: none; 1, or where its remote storage is
    dest: str  # empty unless exporting
    limits: tuple[tuple[str, int], ...]  # of flash, ram, stack, instructions, cycles
    budget: str  # a .toml with more of them; empty: none
    flash_wait: int  # cycles
    clock: float  # Hz; 0: not given
    period: float  # s; 0: not given
    baseline: str
    timeout: int
    verbose: bool


def shipped_models(root: Path) -> list[str]:
    """Names of the models that come with the project."""
    return sorted(folder.name for folder in (root / MODELS).glob("*") if _beside(folder / folder.name, MODEL_ENDINGS))


def _beside(stem: Path, known: tuple[str, ...]) -> Path | None:
    candidates = (stem.with_name(stem.name + ending) for ending in known)
    return next((path for path in candidates if path.is_file()), None)


def check_text(what: str, text: str) -> None:
    """Refuse what cannot stand in one line of text, as a path or as the value of an option."""
    found = NOT_IN_NAMES.search(text)
    if found:
        shown = ascii(text)[1:-1]
        raise UserError(f"{what}{shown}: the character {found[0]!a} cannot stand in a name; rename it")


def check_root(root: Path) -> None:
    """Refuse a checkout where no build can work."""
    check_text("the checkout's folder ", str(root))
    if os.pathsep in str(root):  # in PYTHONPATH, and Python makes no .venv there
        raise UserError(f"the checkout's folder {root}: no '{os.pathsep}' can stand in its path; move the checkout")


def _check_stem(option: str, path: Path) -> None:
    """A file whose name, without its ending, names a folder in build/ and files in it."""
    if path.stem.strip(".") == "":
        raise UserError(f"{option}={path}: its name is nothing but dots; rename it")
    if len(os.fsencode(path.stem)) > LONGEST_NAME:
        length = len(os.fsencode(path.stem))
        raise UserError(f"{option}={path}: its name has {length} bytes, and {LONGEST_NAME} are supported; rename it")


def _listed(value: str, root: Path) -> list[str]:
    """The paths in an option: one, commas and all, if there is such a file, else those between the commas."""
    if "," in value and os.path.isfile(root / value):  # noqa: PTH113 (Path.is_file raises)
        return [value]
    return list(dict.fromkeys(path for path in value.split(",") if path))


def _model(value: str, samples: str, root: Path) -> Model:
    path = Path(value)
    if path.name == value and path.suffix.lower() not in MODEL_ENDINGS:
        found = _beside(root / MODELS / value / value, MODEL_ENDINGS)
        if found is None and not kinds.is_named_as_model(path) and not (root / path).exists():
            raise UserError(f"model={value}: no shipped model of this name{did_you_mean(value, shipped_models(root))}")
        path = found.relative_to(root) if found else path
    _check_stem("model", path)
    kind = kinds.check(root / path, f"model={value}")
    beside = _beside(root / path.with_suffix(""), endings.SAMPLES)
    given_quantised = _quantisation(root / path, kind)
    if not samples and beside is None:
        if given_quantised != "float32":
            return Model(path.stem, path, None, given_quantised)
        raise UserError(f"model={value}: there is no {path.stem}.npz beside it; give samples= windows to run it on")
    chosen = Path(samples) if samples else Path(os.path.relpath(beside or "", root))
    check_samples(root / chosen, f"samples={chosen}")
    metadata.read(root / chosen)
    return Model(path.stem, path, chosen, given_quantised)


def _quantisation(path: Path, kind: str) -> str:
    """Only TensorFlow Lite files come quantised."""
    if kind != "tflite":
        return "float32"
    from model import readers  # slow to import, hence only here

    return readers.read(path).quantisation


def _choices(option: str, value: str, known: Sequence[str]) -> tuple[str, ...]:
    """The names in a comma-separated option; ``all`` stands for every one."""
    names = tuple(known) if value == "all" else tuple(dict.fromkeys(name for name in value.split(",") if name))
    for name in names:
        if name not in known:
            raise UserError(f"{option}={name}: unknown{did_you_mean(name, known)}")
    if not names:
        raise UserError(f"{option}= is empty; give one of {', '.join(known)}")
    return names


def _limits(given: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    asked = ((name, value) for name, value in given.items() if name.endswith("_max") and value)
    return tuple((name.removesuffix("_max"), budget.amount(name, value)) for name, value in asked)


def _budget(path: str, root: Path, targets: tuple[Target, ...]) -> str:
    """The path, once its file is read without a mistake."""
    if path:
        budget.read(root / path, [*target_names(), *(target.name for target in targets)])
    return path


def _seconds(option: str, value: str) -> int:
    if not value.isdigit() or int(value) == 0:
        raise UserError(f"{option}={value}: give a number of seconds above 0")
    return int(value)


CLOCKS = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}


def _quantity(option: str, value: str, units: Mapping[str, float]) -> float:
    """A number above 0 with one of the units, in the one that is 1; 0 when it is not given."""
    if not value:
        return 0.0
    found = re.fullmatch(r"(\d+(?:\.\d*)?)([a-z]+)", value.lower())
    factor = units.get(found[2]) if found else None
    if not found or factor is None or float(found[1]) == 0:
        raise UserError(f"{option}={value}: give a number above 0 with its unit ({', '.join(units)}), without a blank")
    return float(found[1]) * factor


def _period(given: Mapping[str, str]) -> float:
    if given["period"] and not given["clock"]:
        raise UserError(f"period={given['period']}: say the core's clock= too, as in clock=64MHz")
    return _quantity("period", given["period"], TIMES)


def _wait(value: str) -> int:
    if not value.isdigit() or int(value) > 100:
        raise UserError(f"flash_wait={value}: give a whole number of wait states, 0 to 100")
    return int(value)


def _models(value: str, samples: str, root: Path) -> tuple[Model, ...]:
    names = shipped_models(root) if value == "all" else _listed(value, root)
    models = tuple(_model(name, samples, root) for name in names)
    if not models:
        raise UserError(f"model= is empty; give one of {', '.join(shipped_models(root))}, or a trained model's path")
    if samples and len(models) > 1:
        raise UserError(f"model={value}: one at a time, please: they share the samples= given")
    by_name: dict[str, Model] = {}
    for model in models:
        name = c_identifier(model.stem)
        if name in by_name:
            both = f"{by_name[name].path} and {model.path} are both '{name}' in C"
            raise UserError(f"model={value}: {both}; build one at a time, or rename one")
        by_name[name] = model
    return models


def _targets(given: Mapping[str, str], named: bool, root: Path) -> tuple[Target, ...]:
    """Those of target= and toolchain=; the default target only if neither is given."""
    files = _listed(given["toolchain"], root)
    if files and not all(file.endswith(".toml") for file in files):
        raise UserError(f"toolchain={given['toolchain']}: give the path of a .toml; shipped targets go into target=")
    names = _choices("target", given["target"], target_names()) if named or not files else ()
    for file in files:
        _check_stem("toolchain", Path(file))
        if Path(file).stem in FOLDERS_OF_BUILD:
            raise UserError(f"toolchain={file}: build/{Path(file).stem}/ is not a target's; rename the file")
    targets = tuple(load_target(str(name)) for name in (*names, *files))
    if len({target.name for target in targets}) < len(targets):
        raise UserError(f"toolchain={given['toolchain']}: a target of this name is there already; rename the file")
    return targets


def _kernels(given: Mapping[str, str], targets: Sequence[Target]) -> str:
    """The value of kernels=; ``all`` is without CMSIS-NN unless there is one."""
    known = sorted({name for target in targets for name in target.kernels})
    wanted = given["kernels"]
    if wanted == "all":
        wanted = ",".join(name for name in known if name != "cmsis-nn" or given["cmsis_nn"])
    elif wanted:
        _choices("kernels", wanted, known)
    if "cmsis-nn" in wanted.split(","):
        for target in targets:
            if "cmsis-nn" in target.kernels:
                cmsis_nn.find(given["cmsis_nn"], target)
    return wanted


def _shapes(value: str) -> tuple[Model, ...]:
    """The networks that peers were measured on; the build makes their files."""
    from measure.cost.bench.shapes import SHAPES  # slow to import, hence only here

    made = Path("build/bench/models")
    names = _choices("model", value, tuple(SHAPES))
    return tuple(Model(name, made / f"{name}.safetensors", made / f"{name}.npz", "float32") for name in names)


def read(
    arguments: Mapping[str, str], root: Path, *, building: bool = True, exporting: bool = False, benching: bool = False
) -> Options:
    """Check the name=value arguments, and when ``building`` also that the tools are there. Raises ``UserError``."""
    for name in arguments:
        if name not in OPTIONS:
            raise UserError(f"unknown option '{name}='{did_you_mean(name, OPTIONS)}")
        check_text(f"{name}=", arguments[name])
    check_root(root)
    given = {name: arguments.get(name, default) for name, (default, _) in OPTIONS.items()}
    targets = _targets(given, "target" in arguments, root)
    kernels = _kernels(given, targets)
    chosen = _choices("compiler", given["compiler"], COMPILERS)[0]
    skipped: list[str] = []
    ready = []
    for target in targets if building else ():
        reason = _unable(target, chosen, kernels)
        if reason and given["target"] != "all":
            raise UserError(f"target={target.name} {reason}")
        skipped += [f"{target.name} {reason}"] if reason else []
        ready += [] if reason else [target]
    state = _choices("state", given["state"], ("window", "stream"))[0]
    shapes = _shapes(arguments.get("model", "all")) if benching else ()
    models = shapes or _models(given["model"], given["samples"], root)
    builds = tuple(
        (model, quant, each)
        for model in models
        for quant in _quantisations(given["quant"], model)
        for each in (("window", "stream") if benching and model.stem == "S0" else (state,))
    )
    _check_dest(given, exporting, one=len(targets) == 1 and len(builds) == len(models))
    return Options(
        targets=tuple(ready) if building else targets,
        skipped=tuple(skipped),
        builds=builds,
        kernels=kernels,
        cmsis_nn=given["cmsis_nn"],
        optimize=_choices("optimize", given["optimize"], OPTIMIZE),
        compiler=chosen,
        cache=given["cache"],
        cache_key=_cache_key(given),
        ccache=_ccache(given["ccache"], building),
        dest=given["dest"],
        limits=_limits(given),
        budget=_budget(given["budget"], root, targets),
        flash_wait=_wait(given["flash_wait"]),
        clock=_quantity("clock", given["clock"], CLOCKS),
        period=_period(given),
        baseline=given["baseline"],
        timeout=_seconds("timeout", given["timeout"]),
        verbose=given["verbose"] not in ("", "0", "no"),
    )


def _quantisations(wanted: str, model: Model) -> tuple[str, ...]:
    """What to quantise a model to: as asked, else as its file is, else int8."""
    own = "int8" if model.quantisation == "float32" else model.quantisation
    return _choices("quant", wanted or own, QUANTISATIONS)


def _check_dest(given: Mapping[str, str], exporting: bool, one: bool) -> None:
    """An export is of ``one`` target, each model in one quantisation, with one kernel set."""
    if exporting != bool(given["dest"]):
        given_dest = f"dest={given['dest']}: only export writes there" if given["dest"] else "export needs dest="
        raise UserError(f"{given_dest}; as in: scons export dest=out, or dest=out.zip")
    if exporting and given["kernels"] == "cmsis-nn":
        raise UserError("export cannot take kernels=cmsis-nn along: the library is Arm's; export kernels=c or asm")
    several = any(given[name] == "all" or "," in given[name] for name in ("kernels", "optimize"))
    if exporting and (not one or several):
        what = "one target=, one quant=, one kernels= and one optimize="
        raise UserError(f"export takes {what}: a folder has one version of a model")


def _cache_key(given: Mapping[str, str]) -> str:
    if given["cache_key"] and not given["cache"]:
        raise UserError(f"cache_key={given['cache_key']}: it is the key to a cache=, and none is given")
    return given["cache_key"]


def _ccache(value: str, building: bool) -> str:
    """Of ccache=: empty, 1 or an address; ccache must be there."""
    if value in ("", "0", "no"):
        return ""
    for address in [value] if value != "1" else os.environ.get("CCACHE_REMOTE_STORAGE", "").split():
        _check_address(address)
    if building and shutil.which("ccache") is None:
        path = os.environ.get("PATH", "")
        raise UserError(f"ccache= needs ccache, not found in PATH={path}; sudo apt-get install ccache")
    return value


def _check_address(value: str) -> None:
    """Who writes to remote storage decides what others link: over the network it must ask for a password.

    A password that was given is not repeated."""
    shown = re.sub(r"//[^/@]*@", "//...@", value)
    wanted = re.fullmatch(r"[a-z+]+://\S+", value)
    try:
        address = urllib.parse.urlsplit(value.partition("|")[0])  # behind a bar: ccache's settings for it
        host = address.hostname or ""
        address.port  # noqa: B018 (raises)
    except ValueError:
        wanted = None
    if not wanted:
        raise UserError(f"ccache={shown}: give 1, or the address of its remote storage, as redis://:password@host:port")
    here = host in ("", "localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host)
    if not here and not address.password:
        raise UserError(
            f"ccache={shown}: it has no password, so whoever reaches {host} decides what you link; "
            f"let the server ask for one and say {address.scheme}://:password@{address.netloc}"
        )


def environment(given: Mapping[str, str], root: Path, ccache: str) -> dict[str, str]:
    """The variables that steps of the build see: a few of the user's and, with ccache=, all that ccache reads.

    Checkouts find each other's objects, since ccache takes paths below ``root`` as relative ones, and so do
    machines, since a compiler is told by its contents, not by its date.
    """
    names = [name for name in given if name in ("PATH", "HOME", "LANG", "TMPDIR")]
    utf8 = {"PYTHONUTF8": "1"}  # of texts that name no encoding, whatever the user's language
    if not ccache:
        return {**utf8, **{name: given[name] for name in names}}
    own = {**utf8, "CCACHE_BASEDIR": str(root), "CCACHE_COMPILERCHECK": "content"}
    own |= {"CCACHE_REMOTE_STORAGE": ccache} if ccache != "1" else {}
    names += [name for name in given if name.startswith(("CCACHE_", "XDG_"))]
    return {**own, **{name: given[name] for name in names if name != "CCACHE_REMOTE_STORAGE" or ccache == "1"}}


def kernel_sets(wanted: str, target: Target, quantisation: str = "int8") -> tuple[str, ...]:
    """The kernel sets to build for one target: of those wanted (empty: its best) the ones it has kernels in."""
    floats = target.layout("asm").endswith("-fp")
    made_for = {**KERNELS_FOR, "asm": KERNELS_FOR["asm-fp" if floats else "asm"]}
    useful = tuple(name for name in target.kernels if quantisation in made_for.get(name, QUANTISATIONS))
    if "," in wanted:
        return tuple(name for name in useful if name in wanted.split(","))
    return tuple(name for name in target.kernels if name == wanted) if wanted else useful[:1]


def pages(target: Target, quantisation: str, kernels: str, model: Model) -> tuple[str, ...]:
    """The pages of the docs that show a build of a shipped model: int8 on every target, all on the default one."""
    default = target.name == OPTIONS["target"][0]
    shown = (f"docs/reports/{model.stem}.md",) if target.arch != "host" and (default or quantisation == "int8") else ()
    best = kernels == kernel_sets("", target, quantisation)[0]
    compared = ("docs/comparison.md",) if (model.stem, quantisation) == ("forecast", "int8") else ()
    return (*shown, "docs/accuracy.md", *compared) if default and best else shown


def missing_tools(target: Target, chosen: str = "gcc") -> list[str]:
    """Programs of a target that are not on PATH."""
    programs = {compiler.program(target, "gcc"), compiler.program(target, chosen)}
    programs |= {target.qemu.program} if target.qemu else set()
    return sorted(name for name in programs if shutil.which(name) is None)


def _unable(target: Target, chosen: str, kernels: str) -> str:
    """Why a target cannot be built as asked, as the end of a sentence; empty when it can."""
    if chosen == "clang" and target.clang is None:
        return f"is built with gcc only: {target.file} has no [clang] table"
    if not kernel_sets(kernels, target):
        return f"has no kernel set {kernels}; it has {', '.join(target.kernels)}"
    packages = [*target.gcc.packages, *(target.clang.packages if chosen == "clang" and target.clang else ())]
    packages += [target.qemu.package] if target.qemu else []
    install = f"install with: sudo apt-get install {' '.join(packages)}"
    missing = missing_tools(target, chosen)
    if missing:
        return f"needs {' and '.join(missing)}, not found in PATH={os.environ.get('PATH', '')}; {install}"
    try:
        compiler.find(target, chosen)
    except UserError as error:
        return f"needs more: {error}; {install}"
    return ""


def help_text(root: Path) -> str:
    """What ``scons -h`` prints."""

    def rows(pairs: Sequence[tuple[str, str]], width: int) -> str:
        return "\n".join(f"  {left:<{width}}  {right}" for left, right in pairs)

    availability = []
    for name in target_names():
        target = load_target(name)
        missing = missing_tools(target)
        state = f"missing: {', '.join(missing)}" if missing else "ready"
        availability.append((name, f"{target.description} [{', '.join(target.kernels)}] - {state}"))
    options = [(f"{name}=", f"{text}{f' [{default}]' if default else ''}") for name, (default, text) in OPTIONS.items()]
    return (
        "\n\n".join(
            (
                "From a trained LSTM to measured firmware: scons [target=NAME] [OPTION=VALUE ...] [ALIAS]",
                "Examples:\n" + rows(EXAMPLES, max(len(left) for left, _ in EXAMPLES)),
                "Targets:\n" + rows(availability, 14),
                "Shipped models:\n  " + ", ".join(shipped_models(root)),
                "Options:\n" + rows(options, 10),
                "Aliases:\n" + rows(list(ALIASES.items()), 11),
                "A file may be called anything; one with commas in its name is taken for a file before a list.",
                "Results lie in build/<target>/<model>/<quant>-<kernels>/. SCons's own options: scons -H",
            )
        )
        + "\n"
    )
