"""Looks into the image and runs it as it is meant to be run: by a container runtime, with its files read-only, as its own user, without
any capability, in namespaces of its own, with one volume. Then asks what a user asks."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

IMAGE = "localhost/shelduck:check"
UID = 65532
ADDRESS = "http://127.0.0.1:8080"
READY_S_MAX = 60
# What may be in the image: the binary, the engine, what they are linked to, authorities, one user.
FILES = [
    r"usr/local/bin/(shelduck|libduckdb\.so)",
    r"lib64/ld-linux-x86-64\.so\.2",
    r"(usr/)?lib/(x86_64-linux-gnu/)?lib(c|m|dl|pthread|rt|gcc_s|stdc\+\+)\.so\.\d+",
    r"etc/(passwd|group|nsswitch\.conf|ssl/certs/ca-certificates\.crt)",
]
work = Path(sys.argv[1])
storage = ["buildah", "--storage-driver", "vfs"]


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def look_into(root):
    files = [path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir() or path.is_symlink()]
    stray = [name for name in files if not any(re.fullmatch(pattern, name) for pattern in FILES)]
    assert not stray, f"the image holds {stray}"
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        assert not mode & 0o6002, f"{path} is open to all, or lends its owner's rights"
    data = (root / "var/lib/shelduck").lstat()
    assert (data.st_uid, data.st_gid, data.st_mode & 0o7777) == (UID, UID, 0o700), data
    config = json.loads(said(*storage, "inspect", "--type", "image", IMAGE))["Docker"]["config"]
    assert config["User"] == f"{UID}:{UID}" and config["Volumes"] == {"/var/lib/shelduck": {}}, config
    assert config["Healthcheck"]["Test"][-1] == "health" and config["Entrypoint"] == ["/usr/local/bin/shelduck"], config
    assert config["Labels"]["org.opencontainers.image.version"], config
    return config, sum((root / name).lstat().st_size for name in files)


def bundle(root, volume, config):
    """What the runtime is told, as Docker tells it with `--read-only --cap-drop ALL --security-opt no-new-privileges`."""
    namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network")]
    mount = lambda at, kind, source, *options: {"destination": at, "type": kind, "source": source, "options": list(options)}
    return {
        "ociVersion": "1.0.2",
        "hostname": "shelduck",
        "root": {"path": str(root), "readonly": True},
        "process": {
            "user": {"uid": UID, "gid": UID},
            "args": config["Entrypoint"] + config["Cmd"],
            "env": config["Env"] + ["SHELDUCK_SERVER__RESTRICT=required"],
            "cwd": config["WorkingDir"],
            "noNewPrivileges": True,
            "capabilities": {},
        },
        "mounts": [
            mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
            mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            mount("/var/lib/shelduck", "bind", str(volume), "bind", "rw", "nosuid", "noexec", "nodev"),
        ],
        "linux": {
            "namespaces": namespaces,
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/sysrq-trigger", "/sys/firmware"],
            "readonlyPaths": ["/proc/sys", "/proc/bus", "/proc/fs", "/proc/irq"],
        },
    }


def runtime(*arguments):
    return ["runc", "--root", str(work / "runc"), *arguments]


def ask(pid, *arguments):
    """From inside the container's network, by this machine's own curl."""
    command = ["nsenter", "--target", str(pid), "--net", "curl", "--silent", "--max-time", "10", *arguments]
    return subprocess.run(command, capture_output=True, text=True).stdout


def pages(pid):
    """The dashboard's page, and every file that it names."""
    page = ask(pid, f"{ADDRESS}/")
    names = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert "<!doctype html>" in page.lower() and len(names) >= 2, page
    for name in [*names, "/js/script.js"]:
        status = ask(pid, "--output", "/dev/null", "--write-out", "%{http_code}", f"{ADDRESS}{name}")
        assert status == "200", f"{name}: {status}"
    return len(names)


def status_of(pid, field):
    return re.search(rf"^{field}:\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.M)[1]


def main():
    container = said(*storage, "from", IMAGE)
    try:
        root = Path(said(*storage, "mount", container))
        config, size = look_into(root)
        volume = work / "volume"
        volume.mkdir(mode=0o700)
        os.chown(volume, UID, UID)
        place = work / "bundle"
        place.mkdir()
        (place / "config.json").write_text(json.dumps(bundle(root, volume, config)))
        before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
        run(place, volume)
        after = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
        assert before == after, set(after.items()) ^ set(before.items())
        print(f"image: {size / 1e6:.0f} MB, nothing written outside its volume")
    finally:
        said(*storage, "rm", container)
        said(*storage, "rmi", IMAGE)


def run(place, volume):
    log = (work / "log").open("w+")
    server = subprocess.Popen(runtime("run", "--bundle", str(place), "check"), stdout=log, stderr=log)
    try:
        begun = time.monotonic()
        while subprocess.run(runtime("exec", "check", "/usr/local/bin/shelduck", "health"), capture_output=True).returncode:
            assert server.poll() is None and time.monotonic() - begun < READY_S_MAX, (work / "log").read_text()
            time.sleep(0.2)
        pid = json.loads(said(*runtime("state", "check")))["pid"]
        assert json.loads(ask(pid, f"{ADDRESS}/health"))["status"] == "ok"
        found = pages(pid)
        expected = {"Uid": "\t".join([str(UID)] * 4), "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
        told = {field: status_of(pid, field) for field in expected}
        assert told == expected, told
        shell = subprocess.run(runtime("exec", "check", "/bin/sh", "-c", "true"), capture_output=True, text=True)
        assert shell.returncode and "sh" in shell.stderr, shell
        assert (volume / "control.sqlite").stat().st_uid == UID
        said(*runtime("kill", "check", "TERM"))
        assert server.wait(timeout=60) == 0, (work / "log").read_text()
        print(f"image: healthy, {found} files of the dashboard, user {UID}, no capability, no shell, stops cleanly")
    finally:
        if server.poll() is None:
            subprocess.run(runtime("delete", "--force", "check"), capture_output=True)
            server.wait(timeout=60)
        log.close()


main()
