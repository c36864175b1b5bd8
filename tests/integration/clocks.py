"""A really shifted clock: libfaketime does nothing to a Go program, which asks the kernel's vDSO by itself.

The vDSO is code that the kernel maps into each process; a process may have a copy of its own. In that copy
``clock_gettime`` is replaced by the plain system call with some seconds added to the time of day; the
monotonic clock stays as it is. Other processes see nothing of it.
"""

from __future__ import annotations

import os
import platform
import struct
from pathlib import Path

import pytest

_NAME = b"__vdso_clock_gettime"
_SECTION, _SYMBOL, _SYMBOLS = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ"), 11


def shift_clock(pid: int, seconds: int) -> None:
    """Set the time of day of one process ahead, or back; skip the test where that cannot be done."""
    if platform.machine() != "x86_64":
        pytest.skip("a clock is shifted in the code of x86-64 alone")
    start, end = _mapping(pid)
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    except PermissionError:
        pytest.skip("the memory of another process cannot be written here")
    try:
        function = _function(os.pread(memory, end - start, start))
        os.pwrite(memory, _code(seconds), start + function)
    finally:
        os.close(memory)


def _code(seconds: int) -> bytes:
    return (
        b"\xb8\xe4\x00\x00\x00"  # mov eax, 228: the number of clock_gettime
        b"\x0f\x05"  # syscall
        b"\x85\xff"  # test edi, edi: the time of day is clock 0
        b"\x75\x07"  # jne to the return
        b"\x48\x81\x06" + struct.pack("<i", seconds) + b"\xc3"  # add qword [rsi], seconds; return
    )


def _mapping(pid: int) -> tuple[int, int]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if line.endswith("[vdso]"):
            first, _, last = line.split()[0].partition("-")
            return int(first, 16), int(last, 16)
    pytest.skip("this kernel maps no vDSO")


def _function(image: bytes) -> int:
    """Find clock_gettime in the dynamic symbols of an ELF image."""
    (offset,) = struct.unpack_from("<Q", image, 0x28)
    size, count = struct.unpack_from("<HH", image, 0x3A)
    sections = [_SECTION.unpack_from(image, offset + number * size) for number in range(count)]
    for section in sections:
        if section[1] == _SYMBOLS:
            names = sections[section[6]][4]
            for place in range(section[4], section[4] + section[5], _SYMBOL.size):
                name, _, _, _, value, _ = _SYMBOL.unpack_from(image, place)
                if image[names + name :].partition(b"\0")[0] == _NAME:
                    return int(value)
    pytest.skip("the vDSO has no clock_gettime")
