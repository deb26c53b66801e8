"""What a parser never does, refused for good: no sockets, no other process, no files but those of the libraries.

A filter of the kernel (seccomp) answers such calls with "operation not permitted", and a list of folders (Landlock) all
other paths with "permission denied". Both need no privileges, and nothing in the process can take them back.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

_LOAD = 0x20
_EQUAL = 0x15
_AT_LEAST = 0x35
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_OTHER_ABI = 0x40000000
"""Numbers from here on are those of another calling convention of the same processor."""

# What is refused -> its number on x86-64 and on arm64, None where there is no such call.
_REFUSED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
}
# Processor -> its name in the filter, and which of the numbers are its.
_PROCESSORS = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_BENEATH = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_SIGNALS = 1 << 1
# The first version of Landlock that has them -> rights to files, as a mask of all of them.
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_SCOPED_SINCE = 6


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def deny() -> bool:
    """Refuse these calls from now on. False where the kernel cannot: then the other limits have to do."""
    known = _PROCESSORS.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return False
    architecture, column = known
    refused = (numbers[column] for numbers in _REFUSED.values())
    code = _filter(architecture, [number for number in refused if number is not None])
    program = _Program(len(code) // 8, code)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(architecture: int, numbers: Sequence[int]) -> bytes:
    """The filter's instructions: operation, jumps when true and when false, operand."""
    count = len(numbers)
    instructions = [
        (_LOAD, 0, 0, 4),  # the processor
        (_EQUAL, 0, count + 3, architecture),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, count + 1, 0, _OTHER_ABI),
        *((_EQUAL, count - position, 0, number) for position, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)


def shut(folders: Iterable[str], known_by_name: Iterable[str] = ()) -> bool:
    """Open nothing from now on but files to read below `folders`, and below `known_by_name`, which are not listed either;
    signal no other process. False where the kernel cannot; after `deny`, which forbids to gain rights."""
    version = shuts()
    if version < 1:
        return False
    call = ctypes.CDLL(None, use_errno=True).syscall
    rights = max(mask for since, mask in _RIGHTS.items() if since <= version)
    asked = (
        struct.pack("=QQQ", rights, 0, _SIGNALS) if version >= _SCOPED_SINCE else struct.pack("=Q", rights)
    )
    ruleset = call(_CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), 0)
    if ruleset < 0:
        return False
    try:
        for paths, allowed in ((folders, _READ_FILE | _READ_FOLDER), (known_by_name, _READ_FILE)):
            for path in paths:
                with contextlib.suppress(OSError):  # not there
                    _allow(call, ruleset, path, allowed)
        return bool(call(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def shuts() -> int:
    """The kernel's version of what `shut` needs; 0 where it has none."""
    if sys.platform != "linux" or platform.machine() not in _PROCESSORS:
        return 0
    call = ctypes.CDLL(None, use_errno=True).syscall
    return max(0, int(call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def _allow(call: ctypes._NamedFuncPointer, ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        call(_ADD_RULE, ruleset, _BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)
