# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The files for Zephyr, ESP-IDF, PlatformIO, Arduino, RT-Thread and CMSIS-Pack.

None of these is installed. Their build systems' few commands that an export uses are stood in for by stubs with the
documented arguments, which compile on the host; the manifests are checked against what their specifications ask for.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from export import texts
from target.description import load_target
from tests.support.checkout import Shared
from tests.support.exported import call, sources
from tests.support.host import ROOT

MAIN = """#include "forecast_window.h"
static forecast_window_state state;
int main(void) { forecast_window_reset(&state); return 0; }
"""
ZEPHYR = """cmake_minimum_required(VERSION 3.20)
project(app LANGUAGES C ASM)
macro(zephyr_library_named name)
    set(current ${name})
    add_library(${name} STATIC)
endmacro()
macro(zephyr_library_sources)
    target_sources(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_library_compile_options)
    target_compile_options(${current} PRIVATE ${ARGN})
endmacro()
macro(zephyr_include_directories)
    include_directories(${ARGN})
    target_include_directories(${current} PUBLIC ${ARGN})
endmacro()
set(CONFIG_LSTMCU_FORECAST_WINDOW y)
"""
ESP_IDF = """cmake_minimum_required(VERSION 3.16)
project(app LANGUAGES C ASM)
set(ESP_PLATFORM 1)
set(COMPONENT_LIB __idf_forecast)
macro(idf_component_register)
    cmake_parse_arguments(given "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
    add_library(${COMPONENT_LIB} STATIC ${given_SRCS})
    target_include_directories(${COMPONENT_LIB} PUBLIC ${given_INCLUDE_DIRS})
endmacro()
"""
RT_THREAD = """import inspect
from pathlib import Path
from SCons.Script import Environment, File

Env = Environment(CROSS)

def GetCurrentDir():
    return str(Path(inspect.stack()[1].filename).resolve().parent)

def DefineGroup(name, src, depend, **parameters):
    assert depend == [""]
    local = [key for key in parameters if key.startswith("LOCAL_")]
    assert not local, f"{local}: RT-Thread 4.1.1 stops here with SCons 4.5 and later"
    Env.AppendUnique(CPPPATH=parameters["CPPPATH"])
    return File(src)
"""


@pytest.fixture(scope="module", params=["c", "asm", "floats"])
def folder(request: pytest.FixtureRequest, built: Shared) -> Path:
    """An exported folder: integers in C and with assembly, and floats in C."""
    name = f"modules-{request.param}"
    options = ("kernels=c", "quant=float32") if request.param == "floats" else (f"kernels={request.param}",)
    return built("export", "target=cortex-m4", "model=forecast-window", *options, f"dest={name}").root / name


def _flags(folder: Path) -> set[str]:
    """What it must be compiled with, and integers need nothing."""
    return {"-ffp-contract=off"} if folder.name == "modules-floats" else set()


def given(said: str) -> set[str]:
    """Which flags of floating point a build used."""
    return set(re.findall(r"-ff\S+-contract=\S+|-ffp-\S+", said))


def _assembly(folder: Path) -> bool:
    """Whether it is compiled for a Cortex-M4, and cannot run here."""
    return any(folder.glob("src/lstmcu/*.S"))


def _cmake(tmp_path: Path, stub: str, folder: Path, subdirectory: Path, library: str) -> str:
    """Build a program in a project of ``stub``; returns what was compiled, and how."""
    (tmp_path / "main.c").write_text(MAIN)
    text = f"{stub}add_subdirectory({subdirectory} module)\nadd_executable(app main.c)\n"
    (tmp_path / "CMakeLists.txt").write_text(f"{text}target_link_libraries(app PRIVATE {library})\n")
    toolchain = [f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'examples/cmake/cortex-m4.cmake'}"] if _assembly(folder) else []
    call("cmake", "-S", ".", "-B", "out", *toolchain, cwd=tmp_path)
    said = call("cmake", "--build", "out", "--verbose", cwd=tmp_path)
    if not _assembly(folder):
        subprocess.run([tmp_path / "out/app"], check=True)
    return said


def test_zephyr(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "zephyr/module.yml").read_text().splitlines()[1:]
    assert lines == ["name: lstmcu_forecast_window", "build:", "  cmake: zephyr", "  kconfig: zephyr/Kconfig"]
    kconfig = (folder / "zephyr/Kconfig").read_text()
    assert re.search(r'^config LSTMCU_FORECAST_WINDOW\n\tbool ".+"\n\thelp\n\t  .+\n$', kconfig, re.MULTILINE)
    said = _cmake(tmp_path, ZEPHYR, folder, folder / "zephyr", "lstmcu_forecast_window")
    assert all(f"/{path.name}" in said for path in sources(folder))
    assert given(said) == _flags(folder)


def test_esp_idf(folder: Path, tmp_path: Path) -> None:
    said = _cmake(tmp_path, ESP_IDF, folder, folder, "__idf_forecast")
    assert all(f"/{path.name}" in said for path in sources(folder))
    assert given(said) == _flags(folder)
    manifest = (folder / "idf_component.yml").read_text()
    assert re.search(r'^version: "\d+\.\d+\.\d+"\ndescription: "[^"\\]+"$', manifest, re.MULTILINE)


def test_rt_thread(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text(MAIN)
    flags = " ".join(load_target("cortex-m4").flags)
    cross = f"CC='arm-none-eabi-gcc {flags} --specs=nosys.specs'" if _assembly(folder) else ""
    (tmp_path / "building.py").write_text(RT_THREAD.replace("CROSS", cross))
    (tmp_path / "rtconfig.py").write_text("PLATFORM = 'gcc'\n")
    (tmp_path / "SConstruct").write_text(
        f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        f"group = SConscript({str(folder / 'SConscript')!r}, variant_dir='out', duplicate=0)\n"
        f"import building\nbuilding.Env.Program('app', ['main.c', *group])\n"
    )
    said = call(sys.executable, "-m", "SCons", cwd=tmp_path)
    assert all(f"/{path.name}" in said for path in sources(folder))
    assert given(said) == _flags(folder)
    if not _assembly(folder):
        subprocess.run([tmp_path / "app"], check=True)


def test_platformio(folder: Path) -> None:
    manifest = json.loads((folder / "library.json").read_text())
    assert re.fullmatch(r"[\w-]+", manifest["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["headers"] == ["forecast_window.h"]
    build = manifest["build"]
    assert set(build.get("flags", [])) == _flags(folder)
    assert (build["srcDir"], build["includeDir"]) == ("src", "include")  # both are on the user's include path
    assert {path.name for name in ("src", "include") for path in (folder / name).glob("*.*")} == {"forecast_window.h"}
    chosen = [path for path in (folder / "src").rglob("*") if path.suffix in (".c", ".S")]
    assert sorted(chosen) == sources(folder)


# What arduino-lint's schemas say of a library.properties in strict mode (etc/schemas of August 2026): the properties it
# must have and those it may have, what a value must match, and what may be nowhere in it.
SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
CATEGORIES = ("Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
              "Data Processing", "Other")  # fmt: skip
PROPERTIES: dict[str, tuple[str, str]] = {
    "name": (r"(?=.{1,32}$)[A-Za-z][\w.-]*", r"^arduino|.arduino|library| "),
    "version": (SEMVER, ""),
    "author": (".+", ""),
    "maintainer": (".+", r"^arduino|.arduino"),
    "sentence": (".+", ""),
    "paragraph": (".*", ""),
    "category": ("|".join(CATEGORIES), ""),
    "url": (r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", r'[<>"{}|\\^`]'),  # an absolute URI
    "architectures": (".+", ""),
}
OPTIONAL: dict[str, tuple[str, str]] = {
    "includes": (".+", ""),
    "dot_a_linkage": ("true|false", ""),
    "precompiled": ("true|full|false", ""),
    "ldflags": (".{3,}", ""),
    "depends": (r"[\w .,()-]*", ""),
}


def properties_of(text: str) -> dict[str, str]:
    """A library.properties by those rules."""
    rows = [line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert all(equals for _, equals, _ in rows), rows
    values = {key: value for key, _, value in rows}
    assert len(values) == len(rows)
    assert PROPERTIES.keys() <= values.keys() <= (PROPERTIES | OPTIONAL).keys(), values.keys()
    for key, value in values.items():
        must, never = (PROPERTIES | OPTIONAL)[key]
        assert re.fullmatch(must, value), (key, value)
        assert not never or not re.search(never, value, re.IGNORECASE), (key, value)
    return values


def test_arduino(folder: Path) -> None:
    values = properties_of((folder / "library.properties").read_text())
    assert values["name"] == "lstmcu_forecast_window"
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", values["url"])
    assert (folder / "src" / values["includes"]).is_file()  # src/ alone is on the include path, compiled with all in it
    assert not list((folder / "src").glob("*.[cS]"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("url=urn:uuid:", "url="), ("url=urn:uuid:", "url=urn uuid:"), ("name=lstmcu_", "name=arduino_"),
        ("name=", "nom="),
        ("name=lstmcu_", "name=my library "), ("name=lstmcu_", f"name={'x' * 20}"), ("version=", "version=v"),
        ("category=Data Processing", "category=Data"), ("architectures=*", "architectures="), ("author=", "writer="),
        ("maintainer=lstmcu", "maintainer=Arduino LLC"), ("includes=", "include="),
    ],
)  # fmt: skip
def test_wrong_properties_are_caught(folder: Path, before: str, after: str) -> None:
    text = (folder / "library.properties").read_text()
    assert before in text
    with pytest.raises(AssertionError):
        properties_of(text.replace(before, after, 1))


@pytest.mark.parametrize("name", ["a" * 40, "my_arduino_model", "Library", "forecast"])
def test_arduino_takes_every_name_of_a_model(name: str) -> None:
    urns = ("urn:uuid:00000000-0000-5000-8000-00000000000a", "urn:uuid:00000000-0000-5000-8000-00000000000b")
    called = [texts.arduino(name, urn) for urn in urns]
    must, never = PROPERTIES["name"]
    assert all(re.fullmatch(must, each) and not re.search(never, each, re.IGNORECASE) for each in called)
    assert (called[0] == called[1]) == (name == "forecast")  # two libraries are never called alike by being cut


# What Open-CMSIS-Pack's PACK.xsd 1.7.28 says of the elements that an export uses: the children that an element must
# have and those it may have, its required and optional attributes with the pattern of their values.
VERSION = r"(0|[1-9]\d*)\.\d+\.\d+"
PART = r"[A-Za-z0-9][A-Za-z0-9_+():/\- .]*"
XSD: dict[str, tuple[set[str], set[str], dict[str, str], dict[str, str]]] = {
    "package": ({"name", "vendor", "description", "url", "releases"}, {"license", "conditions", "components"},
                {"schemaVersion": r"[0-9]+\.[0-9]+(\.[0-9]+)?"},
                {"{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation": ".+"}),
    "vendor": (set(), set(), {}, {}),
    "name": (set(), set(), {}, {}),
    "url": (set(), set(), {}, {}),
    "license": (set(), set(), {}, {}),
    "description": (set(), set(), {}, {"overview": ".+"}),
    "releases": ({"release"}, set(), {}, {}),
    "release": (set(), set(), {"version": VERSION}, {}),
    "conditions": ({"condition"}, set(), {}, {}),
    "condition": ({"require"}, {"description"}, {"id": ".+"}, {}),
    "require": (set(), set(), {}, {"Dcore": r"Cortex-M(0|0\+|1|3|4|7|23|33|35P|52|55|85)"}),
    "components": ({"component"}, set(), {}, {}),
    "component": ({"description", "files"}, set(), {"Cclass": PART, "Cgroup": PART, "Cversion": VERSION},
                  {"Csub": rf"(?=.{{1,32}}$){PART}", "condition": ".+"}),
    "files": ({"file"}, set(), {}, {}),
    "file": (set(), set(), {"category": "doc|header|source", "name": r"[^\\]+"}, {"language": "asm|c"}),
}  # fmt: skip


def against_xsd(element: ElementTree.Element) -> None:
    """AssertionError where ``element`` or what is in it is not as the schema has it."""
    children, more, attributes, others = XSD[element.tag]
    found = [child.tag for child in element]
    assert children <= set(found) <= children | more, (element.tag, found)
    assert len(set(found)) == len(found) or element.tag in ("releases", "conditions", "components", "files")
    known = attributes | others
    assert attributes.keys() <= element.attrib.keys() <= known.keys(), (element.tag, element.attrib)
    for key, value in element.attrib.items():
        assert re.fullmatch(known[key], value), (element.tag, key, value)
    assert found == [] or not (element.text or "").strip()
    for child in element:
        against_xsd(child)


def pack_of(folder: Path) -> ElementTree.Element:
    """An exported folder's CMSIS-Pack description, checked against the schema and the folder."""
    (path,) = folder.glob("*.pdsc")
    package = ElementTree.parse(path).getroot()
    assert package.tag == "package"
    against_xsd(package)
    vendor, name = (package.findtext(tag) or "" for tag in ("vendor", "name"))
    assert path.name == f"{vendor}.{name}.pdsc"
    assert all(re.fullmatch(r"[\-_A-Za-z0-9]+", text) for text in (vendor, name))
    assert (folder / str(package.findtext("license"))).is_file()
    files = {category: {file.get("name") for file in package.iter("file") if file.get("category") == category}
             for category in ("source", "header", "doc")}  # fmt: skip
    assert files["source"] == {path.relative_to(folder).as_posix() for path in sources(folder)}
    assert all((folder / str(name)).is_file() for names in files.values() for name in names)
    asked = {element.get("condition") for element in package.iter() if element.get("condition")}
    assert asked == {element.get("id") for element in package.iter("condition")}
    return package


def test_cmsis_pack(folder: Path) -> None:
    package = pack_of(folder)
    assert "include/forecast_window.h" in {file.get("name") for file in package.iter("file")}
    cores = [element.get("Dcore") for element in package.iter("require")]
    assert cores == (["Cortex-M4"] if _assembly(folder) else [])  # C runs anywhere


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<url></url>", ""),
        ('release version="', 'release version="x'),
        ('category="source"', 'category="sources"'),
        ("<vendor>", "<vendor><b/>"),
        ('Cgroup="Recurrent Network"', ""),
        ('name="src/lstmcu/forecast_window.c"', 'name="src/lstmcu/other.c"'),
    ],
)
def test_a_wrong_pack_is_caught(folder: Path, tmp_path: Path, before: str, after: str) -> None:
    shutil.copytree(folder, tmp_path / "wrong")
    (path,) = (tmp_path / "wrong").glob("*.pdsc")
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(AssertionError):
        pack_of(tmp_path / "wrong")
