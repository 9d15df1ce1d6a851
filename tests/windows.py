"""What Windows does otherwise, as far as it can be had on Linux: put into a test's process, or into one that it starts.

Windows renames, replaces and removes no file that is open, and no folder with an open one in it; its rename never
replaces; and filelock removes a lock's file there when it is released. Its Python lacks modules and functions that
POSIX has. Here the former holds for everybody in the process, the latter for kit's own code: other packages know which
system they are really on.
"""

import builtins
import contextlib
import errno
import os
import shutil
import signal
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import filelock

MISSING_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
MISSING = {
    "os": {"fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "killpg", "setsid", "mkfifo", "nice",
           "sched_getaffinity", "chown", "fchmod", "getloadavg", "sysconf", "statvfs", "uname", "wait", "O_NOFOLLOW",
           "O_DIRECTORY", "O_NONBLOCK", "O_CLOEXEC", "supports_dir_fd", "posix_fallocate", "sync", "pipe2"},
    "signal": {"SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGALRM", "alarm", "setitimer",
               "pause", "pthread_kill", "pthread_sigmask", "sigwait", "siginterrupt"},
    "time": {"tzset", "clock_gettime", "CLOCK_MONOTONIC"},
}  # fmt: skip
BREAK = signal.SIGUSR1  # stands for SIGBREAK, which is Ctrl-Break and the closing of the console
_ACCESS_DENIED, _SHARING, _EXISTS = 5, 32, 183
START = """
import os, sys
if os.environ.get("KIT_TEST_AS_ON_WINDOWS"):
    sys.path.insert(0, os.environ["KIT_TEST_AS_ON_WINDOWS"])
    import windows
    windows.begin()
"""


def environment(folder: Path) -> dict[str, str]:
    """That of a process with Windows' rules, and in which kit opens no file by the system's own encoding."""
    here = Path(__file__).parent
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(START, encoding="utf-8")
    path = os.pathsep.join(map(str, (folder, here.parent)))
    return {**os.environ, "PYTHONPATH": path, "KIT_TEST_AS_ON_WINDOWS": str(here), "PYTHONWARNDEFAULTENCODING": "1"}


def begin() -> None:
    """Puts all of it into this process."""
    put_files(setattr)
    warnings.filterwarnings("error", category=EncodingWarning, module=r"kit\.")
    lacking = {name: _lacking(__import__(name), names) for name, names in MISSING.items()}
    lacking["os"].name = "nt"
    lacking["signal"].SIGBREAK = BREAK
    imported = builtins.__import__

    def as_on_windows(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:  # noqa: A002
        if str((globals or {}).get("__name__", "")).split(".")[0] == "kit" and level == 0:
            if name.split(".")[0] in MISSING_MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}, as on Windows", name=name)
            if name in lacking:
                return lacking[name]
        return imported(name, globals, locals, fromlist, level)

    builtins.__import__ = as_on_windows


def _lacking(module: types.ModuleType, names: set[str]) -> Any:
    copy: Any = types.ModuleType(module.__name__)
    vars(copy).update({name: value for name, value in vars(module).items() if name not in names})
    return copy


def put_files(put: Callable[[Any, str, Any], None]) -> None:
    """Has renaming and removing follow Windows' rules; `put` is setattr, or monkeypatch.setattr."""
    rename, replace, unlink = os.rename, os.replace, os.unlink

    def renamed(old: Any, new: Any, **options: Any) -> None:
        if os.path.lexists(new):
            _refuse(FileExistsError, errno.EEXIST, _EXISTS, old)
        if is_open(old):
            _refuse(PermissionError, errno.EACCES, _SHARING, old)
        rename(old, new, **options)

    def replaced(old: Any, new: Any, **options: Any) -> None:
        if is_open(old) or is_open(new) or os.path.isdir(new):  # noqa: PTH112 (any path)
            _refuse(PermissionError, errno.EACCES, _ACCESS_DENIED, old)
        replace(old, new, **options)

    def unlinked(path: Any, **options: Any) -> None:
        if is_open(path):
            _refuse(PermissionError, errno.EACCES, _SHARING, path)
        unlink(path, **options)

    def released(lock: Any) -> None:
        release(lock)
        with contextlib.suppress(OSError):
            unlinked(lock.lock_file)

    release = filelock.FileLock._release
    put(filelock.FileLock, "_release", released)
    put(shutil, "_use_fd_functions", False)  # Windows has no functions that go by an open folder
    for name, function in {"rename": renamed, "replace": replaced, "unlink": unlinked, "remove": unlinked}.items():
        put(os, name, function)


def is_open(path: Any) -> bool:
    """Whether this process has the file open, or one in that folder."""
    sought = os.path.realpath(path)
    return any(name == sought or name.startswith(f"{sought}{os.sep}") for name in _open_files())


def _open_files() -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except OSError:  # the one by which they were listed
            continue
    return found


def _refuse(kind: type[OSError], number: int, windows_number: int, path: Any) -> NoReturn:
    error = kind(number, os.strerror(number), os.fspath(path))
    error.winerror = windows_number  # type: ignore[attr-defined]
    raise error
