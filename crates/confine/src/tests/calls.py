"""Puts the list of system calls on itself and tries calls that a server has no business with, each with arguments that do
nothing. The numbers are the kernel's for x86-64 (arch/x86/entry/syscalls/syscall_64.tbl), not those of the library that made the
list. Prints what was not as it should be."""

import ctypes
import errno
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def call(number, *arguments):
    """The errno of a call; 0 when it was done."""
    ctypes.set_errno(0)
    longs = [ctypes.c_long(argument) for argument in (*arguments, 0, 0, 0, 0, 0, 0)[:6]]
    return ctypes.get_errno() if libc.syscall(ctypes.c_long(number), *longs) == -1 else 0


REFUSED = {
    "execve": 59, "execveat": 322, "clone3": 435, "vfork": 58, "wait4": 61, "waitid": 247, "kill": 62, "tkill": 200,
    "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "pidfd_open": 434, "pidfd_send_signal": 424, "pidfd_getfd": 438,
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "process_madvise": 440,
    "listen": 50, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "mount_setattr": 442, "unshare": 272, "setns": 308,
    "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320,
    "reboot": 169, "swapon": 167, "swapoff": 168, "acct": 163, "quotactl": 179, "syslog": 103, "iopl": 172, "ioperm": 173,
    "modify_ldt": 154, "personality": 135, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "seccomp": 317,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "keyctl": 250, "add_key": 248, "request_key": 249,
    "setuid": 105, "setgid": 106, "setreuid": 113, "setregid": 114, "setgroups": 116, "setresuid": 117, "setresgid": 119,
    "setfsuid": 122, "setfsgid": 123, "capset": 126, "setsid": 112, "setpgid": 109, "setrlimit": 160,
    "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "clock_adjtime": 305, "sethostname": 170, "setdomainname": 171,
    "chmod": 90, "fchmodat": 268, "fchmodat2": 452, "chown": 92, "lchown": 94, "fchownat": 260, "mknod": 133, "mknodat": 259,
    "symlink": 88, "symlinkat": 266, "utimensat": 280, "setxattr": 188, "fsetxattr": 190, "chdir": 80, "fchdir": 81,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "fanotify_init": 300, "memfd_create": 319, "memfd_secret": 447,
    "shmget": 29, "msgget": 68, "semget": 64, "mq_open": 240, "landlock_create_ruleset": 444, "landlock_restrict_self": 446,
    "pkey_alloc": 330, "remap_file_pages": 216, "move_pages": 279, "migrate_pages": 256, "mbind": 237, "lookup_dcookie": 212,
}
PROT_READ, PROT_WRITE, PROT_EXEC, PRIVATE = 1, 2, 4, 0x22
FASTOPEN, TIOCSTI, TIOCLINUX, FIONREAD = 0x20000000, 0x5412, 0x541C, 0x541B
REFUSED_SO = {
    "a process": (56, 17),
    "memory written and run": (9, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, PRIVATE, -1, 0),
    "a raw socket": (41, 2, 3, 1),
    "a raw socket, its flags aside": (41, 2, 3 | 0x80000, 1),
    "a packet socket": (41, 17, 3, 0),
    "a netlink socket": (41, 16, 3, 0),
    "a vsock": (41, 40, 1, 0),
    "a socket for cryptography": (41, 38, 5, 0),
    "MPTCP": (41, 2, 1, 262),
    "SCTP": (41, 2, 1, 132),
    "a connection by sending": (44, -1, 0, 0, FASTOPEN, 0, 0),
    "a connection by a message": (46, -1, 0, FASTOPEN),
    "writing into a terminal's input": (16, 0, TIOCSTI, 0),
    "pasting on a console": (16, 0, TIOCLINUX, 0),
    "being dumped": (157, 4, 1),
    "a filter of its own": (157, 22, 2, 0),
    "a limit": (302, 0, 7, 1, 0),
    "a limit of another": (302, 1, 7, 0, 0),
}
ALLOWED_SO = {
    "getpid": ((39,), 0),
    "a socket": ((41, 2, 1, 6), 0),
    "a datagram socket": ((41, 10, 2 | 0x80000, 17), 0),
    "a local socket": ((41, 1, 1, 0), 0),
    "memory": ((9, 0, 4096, PROT_READ | PROT_WRITE, PRIVATE, -1, 0), 0),
    "its own limit": ((302, 0, 7, 0, 0), 0),
    "sending": ((44, -1, 0, 0, 0, 0, 0), errno.EBADF),
    "how much waits": ((16, -1, FIONREAD, 0), errno.EBADF),
    "a closed descriptor": ((3, 9999), errno.EBADF),
}

code = bytes.fromhex(sys.stdin.read())
page = libc.mmap
page.restype = ctypes.c_void_p
own = page(None, 4096, PROT_READ | PROT_WRITE, PRIVATE, -1, 0)
program = Program(len(code) // 8, code)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
wrong = []
for name, number in REFUSED.items():
    if (got := call(number)) != errno.ENOSYS:
        wrong.append(f"{name}: {errno.errorcode.get(got, got)}")
for name, arguments in (REFUSED_SO | {"running what was written": (10, own, 4096, PROT_READ | PROT_EXEC)}).items():
    got = call(*arguments)
    if name == "a process" and os.getpid() != int(open("/proc/self/stat").read().split()[0]):
        os._exit(0)
    if got != errno.ENOSYS:
        wrong.append(f"{name}: {errno.errorcode.get(got, got)}")
for name, (arguments, expected) in ALLOWED_SO.items():
    if (got := call(*arguments)) != expected:
        wrong.append(f"{name}: {errno.errorcode.get(got, got)}, not {errno.errorcode.get(expected, expected)}")
print("\n".join(wrong + [f"{len(REFUSED) + len(REFUSED_SO) + 1} refused"]), flush=True)
os._exit(0)
