# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Names of models in C: of their files, their functions and macros. A name that means something else gets a prefix."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (".c", ".h", ".S", ".inc", ".ld", ".toml")  # of lstmcu's own files whose names a model cannot have
PREFIX = "m_"

KEYWORDS = """
alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch char
char8_t char16_t char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr constinit
continue decltype default delete do double dynamic_cast else enum explicit export extern false final float for friend
goto if import inline int long module mutable namespace new noexcept not not_eq nullptr operator or or_eq override
private protected public reflexpr register reinterpret_cast requires restrict return short signed sizeof static
static_assert static_cast struct switch synchronized template this thread_local throw true try typedef typeid typename
typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
# of C99, C11, C23, C++ and POSIX, of GCC, and of the C libraries newlib, picolibc, glibc and musl
HEADERS = """
assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic stdbit
stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
algorithm any array atomic barrier bit bitset cassert ccomplex cctype cerrno cfenv cfloat charconv chrono cinttypes
ciso646 climits clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdalign
cstdarg cstdbool cstddef cstdint cstdio cstdlib cstring ctgmath ctime cuchar cwchar cwctype debugging deque exception
execution expected filesystem flat_map flat_set format forward_list fstream functional future generator
hazard_pointer initializer_list inplace_vector iomanip ios iosfwd iostream istream iterator latch linalg list map
mdspan memory memory_resource mutex new numbers numeric optional ostream print queue random ranges ratio rcu regex
scoped_allocator semaphore set shared_mutex source_location span spanstream sstream stack stacktrace stdexcept
stdfloat stop_token streambuf string_view strstream syncstream system_error text_encoding thread tuple type_traits
typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
aio cpio dirent dlfcn fcntl fmtmsg fnmatch ftw glob grp iconv langinfo libgen libintl monetary mqueue ndbm
netdb nl_types poll pthread pwd regex sched search semaphore spawn strings stropts syslog tar termios trace
ulimit unistd utime utmpx wordexp
a_out aliases alloca ar argp argz byteswap crypt devctl elf endian envlock envz err error execinfo fastmath features
fpu_control fstab fts getopt gshadow ieee754 ieeefp ifaddrs lastlog libio link malloc mcheck memory mntent
newlib obstack paths picolibc picotls printf proc_service pty pwd re_comp reent regdef regexp release resolv
semihost sgtty shadow stab stdio_bufio stdio_ext strings syscall syscalls sysexits syslimits termio thread_db ttyent
tzfile ucontext unctrl unwind ustat utmp values varargs wait xlocale
arm_acle arm_bf16 arm_cde arm_cmse arm_fp16 arm_mve arm_mve_types arm_neon arm_sve gcov mm_malloc mmintrin omp openacc
quadmath riscv_bitmanip riscv_crypto riscv_vector stdfix stdint_gcc tsan_interface unwind_arm_common
arm_nn_types arm_nnfunctions arm_math cmsis_compiler cmsis_gcc
"""
WINDOWS = "con prn aux nul clock" + "".join(f" com{number} lpt{number}" for number in range(10))


def _own_files() -> list[Path]:
    found = (path for name in ("firmware", "kernels") for path in (ROOT / name).rglob("*.*"))
    return [path for path in found if path.suffix in SOURCES]


@cache
def _meanings() -> dict[str, str]:
    """A name that no model can have as it is, and what it is."""
    found = dict.fromkeys(WINDOWS.split(), "no file on Windows can be called so")
    own = (re.sub(r"\W", "_", path.stem).lower() for path in _own_files())
    found |= dict.fromkeys(own, "it is a file of lstmcu")
    found |= dict.fromkeys(HEADERS.split(), "it is a header of C, C++, POSIX or a toolchain")
    found |= dict.fromkeys(KEYWORDS.split(), "it is a keyword of C or C++")
    return found | {"main": "it is where a program starts"}


def _plain(stem: str) -> str:
    return re.sub(r"\W", "_", stem, flags=re.ASCII).strip("_").lower() or "model"


def taken(name: str) -> str:
    """Why a model cannot have this name in C; empty when it can."""
    if re.match(r"lstmcu(_|$)", name.lower()):
        return "names that begin so are lstmcu's"
    if re.search(r"_L\d", name):  # plan.c_name
        return "_L and a digit begin the name of a layer"
    return _meanings().get(name.lower(), "")


def c_identifier(stem: str) -> str:
    """A model's C name from its file's stem: ``forecast-window`` gives ``forecast_window``, ``string`` ``m_string``."""
    name = _plain(stem)
    return f"{PREFIX}{name}" if name[0].isdigit() or taken(name) else name


def note(stem: str) -> str:
    """A sentence when a model is not called as its file is, although it could be a name; else nothing."""
    why = taken(_plain(stem))
    return f"the model '{_plain(stem)}' is called {c_identifier(stem)} in C: {why}" if why else ""
