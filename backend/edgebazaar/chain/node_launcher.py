"""Become a chain node that ends with its parent; a script run in place of the node's command.

On Linux the kernel sends SIGTERM when the thread that started us ends, however it ended (kill -9
included). A wrapper does this instead of `preexec_fn`, which is unsafe once a program has threads.
Standard library only: it starts fast.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Take `parent pid, command, arguments...` and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(0)  # it died before the kernel knew whom to tell
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
