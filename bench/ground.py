# SPDX-License-Identifier: Apache-2.0
"""The ground all benchmarks stand on: a view of the control groups that everybody accepts, file systems
that do not make a difference, a root file system, and one fair measurement."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
IN_VIEW = "ONGGI_BENCH_IN_VIEW"  # set once we are in a mount namespace of our own


def quiet(*command, **more):
    """Run a command of the preparation; its output only if it fails."""
    result = subprocess.run(command, text=True, capture_output=True, check=False, **more)
    if result.returncode:
        sys.exit(f"bench: {' '.join(command)}: {result.stderr.strip() or result.returncode}")
    return result.stdout


# --- the ground: a mount namespace of our own -----------------------------------------------------

def enter_view():
    """Everybody runs in one private mount namespace, on the same view of the control groups."""
    if IN_VIEW not in os.environ:
        os.environ[IN_VIEW] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private",
                              sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]])
    unified = "/sys/fs/cgroup/unified"
    if not os.path.ismount(unified):
        return ""
    # crun refuses the hybrid layout: all get the v1 trees alone.
    trees = [name for name in os.listdir("/sys/fs/cgroup")
             if name != "unified" and os.path.ismount(f"/sys/fs/cgroup/{name}")]
    with tempfile.TemporaryDirectory() as stage:
        quiet("mount", "-t", "tmpfs", "-o", "mode=755", "cgroup", stage)
        for name in trees:
            os.mkdir(f"{stage}/{name}")
            quiet("mount", "--bind", f"/sys/fs/cgroup/{name}", f"{stage}/{name}")
        quiet("mount", "--rbind", stage, "/sys/fs/cgroup")
        quiet("umount", "-l", stage)
    return "hybrid cgroups; everybody sees the v1 trees only, because crun needs that"


def memory_ground():
    """State that is gone after a reboot is on a tmpfs, as /run is where an init mounts it."""
    ground = tempfile.mkdtemp(prefix="onggi-bench.")
    quiet("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", ground)
    return ground


def fresh_disk():
    """Everything else is on a new ext4. An old one, or one that discards while it deletes, makes
    each removed directory cost up to milliseconds, whoever removes it."""
    disk = tempfile.mkdtemp(prefix="onggi-bench.", dir="/var/tmp")
    quiet("truncate", "-s", "4G", f"{disk}.img")
    quiet("mkfs.ext4", "-q", "-F", f"{disk}.img")
    quiet("mount", "-o", "loop", f"{disk}.img", disk)
    return disk


def make_rootfs(folder):
    """busybox, alone: what is measured is the start, not the payload."""
    for name in ("bin", "proc", "sys", "dev", "etc", "tmp"):
        os.makedirs(f"{folder}/{name}")
    shutil.copy(shutil.which("busybox"), f"{folder}/bin/busybox")
    for name in ("sh", "true"):
        os.symlink("busybox", f"{folder}/bin/{name}")
    return folder


def compiled(folder, name):
    """A program of this folder, built into `folder`."""
    path = f"{folder}/{name}.bin"
    if not os.path.exists(path):
        quiet("cc", "-O2", "-static", "-D_GNU_SOURCE", "-o", path, f"{HERE}/{name}.c")
    return path


def clear_ground(disk, top):
    for ground in (disk, top):
        subprocess.run(["umount", "-l", ground], check=False)
        os.rmdir(ground)
    os.unlink(f"{disk}.img")


# --- one measurement ----------------------------------------------------------------------------------

def run_once(once, command):
    """(wall ms, CPU ms of it and of all it waited for, peak KB of the largest of them)"""
    result = subprocess.run([once, *command], stdout=subprocess.PIPE, text=True, check=False)
    wall_ns, cpu_us, peak_kb, status = map(int, result.stdout.split() or (0, 0, 0, 127))
    if status:
        sys.exit(f"bench: {' '.join(command)}: exit {status}")
    return wall_ns / 1e6, cpu_us / 1e3, peak_kb


def percentile(values, part):
    return sorted(values)[int(part * (len(values) - 1))]
