"""The kernel's own sandbox, put on by a worker before it reads a submission.

Landlock says which files may be opened and whom signals may reach, a seccomp filter which system
calls are made at all, and the capabilities that a root user's process has are given up. None of it
can be taken off again. It needs no privilege, no program and no library: a few system calls, by
ctypes (Linux manual: landlock(7), seccomp(2), capabilities(7)).

What a level is worth is tried out and not concluded: a process of our own puts the sandbox on and
then does what must fail in it (`trial`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import select
import signal
import socket
import stat
import struct
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.kata.paths import data_root

LEVELS = AUTO, PARTIAL, LIMITS = "auto", "partial", "limits"
"""Levels: what the process is limited in; the kernel's sandbox from inside the worker as well; or
the best of them that the machine gives.
"""

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
SECCOMP_SET_MODE_FILTER = 1
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
"""The same numbers on every architecture, as those of all calls from 424 on."""

# --- which files ----------------------------------------------------------------------------------

EXECUTE, WRITE, READ, READ_DIR = (1 << n for n in range(4))
TRUNCATE, IOCTL = 1 << 14, 1 << 15
RIGHTS = (13, 14, 15, 15, 16)
"""How many rights over files Landlock knows, by its version; the last holds for later ones."""
TCP, SCOPES = 0b11, 0b11
"""Binding and connecting, since version 4; abstract sockets and signals of others, since 6."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/full")
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
)


def libraries() -> Iterator[Path]:
    """What a submission may read: Python, the packages beside it and the system's libraries."""
    found = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    found |= {Path(sys.base_prefix), *map(Path, SYSTEM)}
    found |= {Path(p) for p in sys.path if Path(p).name in ("site-packages", "dist-packages")}
    hidden = [data_root() / name for name in ("katas", "solutions", "rounds")]
    for top in sorted(found):
        if top.exists():
            yield from _open(top.resolve(), hidden)


def _open(top: Path, hidden: Sequence[Path]) -> Iterator[Path]:
    """A folder, or, where what is to be hidden lies in it, all else that does."""
    if top in hidden:
        return
    if not any(top in secret.parents for secret in hidden):
        yield top
        return
    for child in top.iterdir():
        yield from _open(child, hidden)


# --- which system calls ---------------------------------------------------------------------------

DENIED: dict[str, dict[str, tuple[int, int]]] = {
    "another process, or another program in the place of this one": {
        "fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281),
    },
    "the network, and what would get round this filter": {
        "socket": (41, 198), "io_uring_setup": (425, 425),
    },
    "reading, steering or stopping somebody else's process": {
        "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
        "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
        "pidfd_send_signal": (424, 424), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
        "rt_tgsigqueueinfo": (297, 240), "process_madvise": (440, 440), "move_pages": (279, 239),
        "migrate_pages": (256, 238), "setpriority": (141, 140), "ioprio_set": (251, 30),
        "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
        "perf_event_open": (298, 241), "bpf": (321, 280), "userfaultfd": (323, 282),
    },
    "what outlives a process: System V objects, queues, keys": {
        "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
        "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186),
        "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
        "mq_unlink": (241, 181), "add_key": (248, 217), "request_key": (249, 218),
        "keyctl": (250, 219),
    },
    "memory that no limit counts": {"memfd_create": (319, 279), "memfd_secret": (447, 447)},
    "other views of the file system": {
        "mount": (165, 40), "umount2": (166, 39), "unshare": (272, 97), "setns": (308, 268),
        "chroot": (161, 51), "pivot_root": (155, 41), "name_to_handle_at": (303, 264),
        "open_by_handle_at": (304, 265),
    },
    "what Landlock leaves open: owners, modes, times and attributes of others' files": {
        "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
        "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54),
        "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
        "setxattrat": (463, 463),
        "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
        "removexattrat": (466, 466), "utime": (132, -1), "utimes": (235, -1),
        "futimesat": (261, -1), "utimensat": (280, 88),
    },
}  # fmt: skip
"""What is refused with EPERM, and why: the calls' numbers on x86_64 and on aarch64, −1 for none.

All else is allowed: torch's threads and allocator need nothing of this.
"""
OWN_ONLY: dict[str, tuple[int, int]] = {
    "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
}  # fmt: skip
"""Allowed with this process, or 0, as the first argument."""
CLONE, CLONE3 = (56, 220), (435, 435)
CLONE_THREAD = 0x10000
CAPSET, SECCOMP = (126, 91), (317, 277)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""The column of the tables, and how the kernel calls the architecture."""
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, EQUAL, MASKED, AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST = 0, 4, 16
"""Where the filter finds the call's number, the architecture and the first argument."""
X32 = 0x40000000

Step = tuple[int, int, int, int]


def program(pid: int, machine: str) -> bytes:
    """The filter for a process with this id, in the kernel's own form."""
    column, architecture = MACHINES[machine]
    steps: list[Step] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, REFUSE | errno.ENOSYS),
    ]

    def where(numbers: tuple[int, int], *then: Step) -> None:
        if numbers[column] >= 0:
            steps.extend([(EQUAL, 0, len(then), numbers[column]), *then])

    refuse: Step = (RETURN, 0, 0, REFUSE | errno.EPERM)
    for calls in DENIED.values():
        for numbers in calls.values():
            where(numbers, refuse)
    # Threads are made by clone; where clone3 is unknown, the C library makes them by clone as well.
    where(CLONE3, (RETURN, 0, 0, REFUSE | errno.ENOSYS))
    where(CLONE, (LOAD, 0, 0, FIRST), (MASKED, 1, 0, CLONE_THREAD), refuse, (RETURN, 0, 0, ALLOW))
    for numbers in OWN_ONLY.values():
        mine = ((LOAD, 0, 0, FIRST), (EQUAL, 2, 0, pid), (EQUAL, 1, 0, 0), refuse)
        where(numbers, *mine, (RETURN, 0, 0, ALLOW))
    steps.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


# --- putting it on --------------------------------------------------------------------------------


class Unavailable(Exception):
    """There is no such sandbox here; the message says why."""


def _call(number: int, *arguments: object) -> int:
    """A system call; raises OSError where it fails."""
    result = int(LIBC.syscall(number, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


@dataclass(frozen=True)
class Sandbox:
    """What was looked up once, for every worker to put on."""

    version: int
    """Landlock's."""
    machine: str
    folders: tuple[int, ...]
    """Descriptors of what may be read, opened for their place only."""
    devices: tuple[int, ...]

    @classmethod
    def prepare(cls) -> Sandbox:
        """Look up what this machine has; raises Unavailable where that is not enough."""
        machine = platform.machine()
        if sys.platform != "linux":
            raise Unavailable("the kernel's sandbox is Linux's")
        if machine not in MACHINES:
            raise Unavailable(f"its filter of system calls is not written for {machine}")
        try:
            version = _call(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
        except OSError as error:
            raise Unavailable(f"this kernel has no Landlock: {error.strerror}") from None
        if version < 2:
            raise Unavailable("this kernel's Landlock is version 1, and 2 is needed")
        place = os.O_PATH | os.O_CLOEXEC
        folders = tuple(os.open(path, place) for path in libraries())
        devices = tuple(os.open(path, place) for path in DEVICES if Path(path).exists())
        return cls(version, machine, folders, devices)

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What has to stay open until it is put on."""
        return (*self.folders, *self.devices)

    def enter(self, home: str) -> None:
        """Put it on, for good; `home` is the one folder that may be written to.

        Raises OSError where the kernel refuses.
        """
        column = MACHINES[self.machine][0]
        for setting, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_DUMPABLE, 0)):
            LIBC.prctl(setting, value, 0, 0, 0)
        self._restrict_files(home)
        nothing = struct.pack("=6I", *[0] * 6)
        _call(CAPSET[column], struct.pack("=Ii", 0x20080522, 0), nothing)
        filtering = program(os.getpid(), self.machine)
        steps = ctypes.create_string_buffer(filtering, len(filtering))
        pointer = struct.pack("HP", len(filtering) // 8, ctypes.addressof(steps))
        _call(SECCOMP[column], SECCOMP_SET_MODE_FILTER, 0, pointer)

    def _restrict_files(self, home: str) -> None:
        everything = (1 << RIGHTS[min(self.version, len(RIGHTS)) - 1]) - 1
        handled = struct.pack("=Q", everything)
        handled += struct.pack("=Q", TCP) if self.version >= 4 else b""
        handled += struct.pack("=Q", SCOPES) if self.version >= 6 else b""
        rules = _call(LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), 0)
        own = os.open(home, os.O_PATH | os.O_CLOEXEC)
        device = everything & (READ | WRITE | TRUNCATE | IOCTL)
        allowed = [(own, everything), *((fd, device) for fd in self.devices)]
        for fd in self.folders:
            folder = stat.S_ISDIR(os.fstat(fd).st_mode)
            allowed.append((fd, READ | READ_DIR | EXECUTE if folder else READ))
        for fd, rights in allowed:
            _call(LANDLOCK_ADD, rules, 1, struct.pack("=Qi", rights, fd), 0)
        _call(LANDLOCK_RESTRICT, rules, 0)
        for fd in (rules, own, *self.descriptors):
            os.close(fd)


# --- trying it out --------------------------------------------------------------------------------


def _denied(act: Callable[[], object]) -> bool:
    try:
        act()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _trials() -> dict[str, Callable[[], object]]:
    """What must not be possible inside."""
    secret = next((data_root() / "solutions").glob("*.py"))
    return {
        "read a solution": secret.read_bytes,
        "look into the katas": lambda: list((data_root() / "katas").iterdir()),
        "write beside its folder": lambda: Path("..", "planted").write_bytes(b""),
        "open a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "start a process": lambda: os._exit(0) if os.fork() == 0 else None,
        "signal its parent": lambda: os.kill(os.getppid(), 0),
    }


def trial(sandbox: Sandbox, home: str) -> str:
    """Put it on in this process and try what must fail; what was possible, or empty."""
    os.chdir(home)
    trials = _trials()
    try:
        sandbox.enter(home)
        Path(home, "own").write_bytes(b"x")
        Path(home, "own").unlink()
    except OSError as error:
        return f"it cannot be put on: {error.strerror}"
    possible = [what for what, act in trials.items() if not _denied(act)]
    return f"inside one can {possible[0]}" if possible else ""


HOLDS = b"holds"
TRIAL_SECONDS = 30.0
"""For what takes 10 ms: a machine may be busy."""


def tried(wanted: str, home: str) -> tuple[Sandbox | None, str]:
    """The sandbox of this machine if it is wanted and holds what it promises, else why not.

    home: an empty folder for the process that tries it out.
    """
    if wanted == LIMITS:
        return None, "it was not asked for"
    try:
        sandbox = Sandbox.prepare()
    except Unavailable as reason:
        return None, str(reason)
    hear, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, trial(sandbox, home).encode() or HOLDS)
        finally:
            os._exit(0)
    os.close(tell)
    said = os.read(hear, 4096) if select.select([hear], [], [], TRIAL_SECONDS)[0] else b""
    os.close(hear)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if said == HOLDS:
        return sandbox, ""
    return None, said.decode() or "the process that tried it out died or hung"
