/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: the kernel work of one default container, and nothing else. No configuration is read,
 * nothing is looked up, recorded or logged; every value is a constant. What a runtime needs beyond
 * this is its own doing. bench/README.md says what is in it and what is not.
 *
 *	floor [-s FILTER] [-o LAYER:LAYER... -w DIRECTORY] [-N] ROOT COMMAND [ARGUMENT...]
 *	floor -e PID CGROUP COMMAND [ARGUMENT...]
 *
 *	-s   raw seccomp filter (struct sock_filter[])
 *	-o   make the root an overlay of these directories, top first; ROOT is where it is mounted
 *	-w   an empty directory for the overlay's upper and work directories
 *	-N   stay in the host's network namespace
 *	-e   a further process in the namespaces of PID and the cgroup /CGROUP
 *
 * Assumes Linux >= 5.10, root, x86-64 or any other 64-bit machine; cgroup v1, hybrid or v2.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"
#define LEN(a)  (sizeof(a) / sizeof((a)[0]))

static const char *const v1_trees[] = { "cpu",     "cpuacct", "cpuset", "memory", "devices",
					"freezer", "blkio",   "pids",   "systemd" };

struct floor {
	const char *root;
	char **argv;
	const char *lower_dirs; /* NULL: bind ROOT on itself */
	const char *scratch_dir;
	bool has_net;
	struct sock_fprog filter;
	int target_fd; /* -e: of the process whose container is entered; else -1 */

	bool is_v2;
	char cgroup[64];             /* name of the cgroup, in every tree */
	int task_fds[LEN(v1_trees)]; /* v1: `tasks` of each tree; -1 where there is none */
	int cgroup_fd;               /* v2: the directory */
};

static void die(const char *what)
{
	dprintf(STDERR_FILENO, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static void must(bool is_ok, const char *what)
{
	if (!is_ok)
		die(what);
}

static void write_at(int dir_fd, const char *file, const char *text)
{
	int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && write(fd, text, strlen(text)) >= 0, file);
	close(fd);
}

/* v1 cpusets start empty: nothing may run in them before they are filled. */
static void cpuset_inherit(int dir_fd)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	for (size_t i = 0; i < LEN(files); i++) {
		char path[64], value[256];
		snprintf(path, sizeof(path), CGROUPS "/cpuset/%s", files[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd >= 0 ? read(fd, value, sizeof(value) - 1) : -1;
		must(len > 0, path);
		close(fd);
		value[len] = '\0';
		write_at(dir_fd, files[i], value);
	}
}

static void devices_limit(int dir_fd)
{
	static const char *const allowed[] = {
		"c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",
		"c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm",
	};
	write_at(dir_fd, "devices.deny", "a");
	int fd = openat(dir_fd, "devices.allow", O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < LEN(allowed); i++)
		must(write(fd, allowed[i], strlen(allowed[i])) >= 0, "devices.allow");
	close(fd);
}

static void cgroup_make_v1(struct floor *floor)
{
	for (size_t i = 0; i < LEN(v1_trees); i++) {
		char path[128];
		snprintf(path, sizeof(path), CGROUPS "/%s/%s", v1_trees[i], floor->cgroup);
		floor->task_fds[i] = -1;
		if (mkdir(path, 0755) < 0 && errno == ENOENT)
			continue;
		int dir_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		must(dir_fd >= 0, path);
		if (strcmp(v1_trees[i], "cpuset") == 0)
			cpuset_inherit(dir_fd);
		else if (strcmp(v1_trees[i], "devices") == 0)
			devices_limit(dir_fd);
		else if (strcmp(v1_trees[i], "pids") == 0)
			write_at(dir_fd, "pids.max", "4096");
		floor->task_fds[i] = openat(dir_fd, "tasks", O_WRONLY | O_CLOEXEC);
		must(floor->task_fds[i] >= 0, "tasks");
		close(dir_fd);
	}
}

static void cgroup_make(struct floor *floor)
{
	snprintf(floor->cgroup, sizeof(floor->cgroup), "onggi-floor-%d", getpid());
	floor->is_v2 = access(CGROUPS "/cgroup.controllers", F_OK) == 0;
	if (!floor->is_v2) {
		cgroup_make_v1(floor);
		return;
	}
	char path[128];
	snprintf(path, sizeof(path), CGROUPS "/%s", floor->cgroup);
	must(mkdir(path, 0755) == 0, path);
	floor->cgroup_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(floor->cgroup_fd >= 0, path);
	if (faccessat(floor->cgroup_fd, "pids.max", W_OK, 0) == 0)
		write_at(floor->cgroup_fd, "pids.max", "4096");
}

/* The kernel empties a cgroup a moment after its last process was reaped. */
static void remove_busy(const char *path)
{
	while (rmdir(path) < 0 && errno == EBUSY)
		sched_yield();
}

static void cgroup_remove(const struct floor *floor)
{
	char path[128];
	snprintf(path, sizeof(path), CGROUPS "/%s", floor->cgroup);
	if (floor->is_v2)
		remove_busy(path);
	for (size_t i = 0; !floor->is_v2 && i < LEN(v1_trees); i++) {
		snprintf(path, sizeof(path), CGROUPS "/%s/%s", v1_trees[i], floor->cgroup);
		if (floor->task_fds[i] >= 0)
			remove_busy(path);
	}
}

static void mount_at(const char *type, const char *target, unsigned long flags, const char *data)
{
	must(mount(type, target, type, flags, data) == 0, target);
}

static void mount_root(const struct floor *floor)
{
	must(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) == 0, "make / private");
	if (floor->lower_dirs == NULL) {
		must(mount(floor->root, floor->root, NULL, MS_BIND | MS_REC, NULL) == 0,
		     "bind root");
	} else {
		char options[4096];
		snprintf(options, sizeof(options),
			 "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,volatile",
			 floor->lower_dirs, floor->scratch_dir, floor->scratch_dir);
		must(mount("overlay", floor->root, "overlay", 0, options) == 0, "mount overlay");
	}
	must(chdir(floor->root) == 0, floor->root);
}

static void bind_readonly(const char *source, const char *target)
{
	unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY;
	must(mount(source, target, NULL, MS_BIND, NULL) == 0, target);
	must(mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | flags, NULL) == 0, target);
}

static void mount_cgroup_view(const struct floor *floor)
{
	unsigned long flags = MS_NOSUID | MS_NOEXEC | MS_NODEV;
	char source[128], target[128];
	if (floor->is_v2) {
		snprintf(source, sizeof(source), CGROUPS "/%s", floor->cgroup);
		bind_readonly(source, "sys/fs/cgroup");
		return;
	}
	mount_at("tmpfs", "sys/fs/cgroup", flags, "mode=755,size=0");
	for (size_t i = 0; i < LEN(v1_trees); i++) {
		if (floor->task_fds[i] < 0)
			continue;
		snprintf(source, sizeof(source), CGROUPS "/%s/%s", v1_trees[i], floor->cgroup);
		snprintf(target, sizeof(target), "sys/fs/cgroup/%s", v1_trees[i]);
		must(mkdir(target, 0755) == 0, target);
		bind_readonly(source, target);
	}
	must(mount(NULL, "sys/fs/cgroup", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL) ==
		     0,
	     "sys/fs/cgroup");
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = { { "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
		      { "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };
	static const char *const links[][2] = {
		{ "/proc/self/fd", "dev/fd" },       { "/proc/self/fd/0", "dev/stdin" },
		{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
		{ "/proc/kcore", "dev/core" },       { "pts/ptmx", "dev/ptmx" },
	};
	umask(0);
	for (size_t i = 0; i < LEN(nodes); i++)
		must(mknod(nodes[i].path, S_IFCHR | 0666,
			   makedev(nodes[i].major, nodes[i].minor)) == 0,
		     nodes[i].path);
	for (size_t i = 0; i < LEN(links); i++)
		must(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
	umask(022);
}

static void mount_all(const struct floor *floor)
{
	unsigned long plain = MS_NOSUID | MS_NOEXEC;
	mount_root(floor);
	mount_at("proc", "proc", plain | MS_NODEV, NULL);
	mount_at("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	must(mkdir("dev/pts", 0755) == 0 && mkdir("dev/shm", 0755) == 0 &&
		     mkdir("dev/mqueue", 0755) == 0,
	     "make directories in dev");
	mount_at("devpts", "dev/pts", plain, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_at("tmpfs", "dev/shm", plain | MS_NODEV, "mode=1777,size=65536k");
	mount_at("mqueue", "dev/mqueue", plain | MS_NODEV, NULL);
	if (floor->has_net)
		mount_at("sysfs", "sys", plain | MS_NODEV | MS_RDONLY, NULL);
	else
		must(mount("/sys", "sys", NULL, MS_BIND | MS_REC, NULL) == 0, "sys");
	if (floor->has_net)
		mount_cgroup_view(floor);
	make_devices();
}

static void pivot(void)
{
	must(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	must(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "drop the old root");
}

/* One empty read-only tmpfs, cloned over every directory to hide: cheaper than a new one each. */
static void mask_paths(void)
{
	static const char *const files[] = {
		"/proc/interrupts",  "/proc/kcore",      "/proc/keys",        "/proc/latency_stats",
		"/proc/sched_debug", "/proc/timer_list", "/proc/timer_stats",
	};
	static const char *const dirs[] = { "/proc/acpi", "/proc/asound", "/proc/scsi",
					    "/sys/firmware", "/sys/devices/virtual/powercap" };
	for (size_t i = 0; i < LEN(files); i++)
		must(mount("/dev/null", files[i], NULL, MS_BIND, NULL) == 0 || errno == ENOENT,
		     files[i]);

	int fs_fd = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	must(fs_fd >= 0 && syscall(SYS_fsconfig, fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0 &&
		     syscall(SYS_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0,
	     "make an empty tmpfs");
	int empty_fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	must(empty_fd >= 0, "fsmount");
	for (size_t i = 0; i < LEN(dirs); i++) {
		int clone_fd = (int)syscall(SYS_open_tree, empty_fd, "",
					    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
		must(clone_fd >= 0, "open_tree");
		must(syscall(SYS_move_mount, clone_fd, "", AT_FDCWD, dirs[i],
			     MOVE_MOUNT_F_EMPTY_PATH) == 0 ||
			     errno == ENOENT,
		     dirs[i]);
		close(clone_fd);
	}
	close(empty_fd);
	close(fs_fd);
}

static void readonly_paths(void)
{
	static const char *const paths[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					     "/proc/sysrq-trigger" };
	for (size_t i = 0; i < LEN(paths); i++) {
		if (mount(paths[i], paths[i], NULL, MS_BIND | MS_REC, NULL) < 0 && errno == ENOENT)
			continue;
		must(mount(NULL, paths[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0,
		     paths[i]);
	}
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "bring lo up");
	close(fd);
}

static void drop_capabilities(void)
{
	/* CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT
	 * SETFCAP */
	static const uint32_t kept = 1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 |
				     1u << 7 | 1u << 8 | 1u << 10 | 1u << 18 | 1u << 31;
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (cap > 31 || (kept >> cap & 1) == 0)
			must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0, "bounding set");
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { .effective = kept, .permitted = kept } };
	must(syscall(SYS_capset, &header, sets) == 0, "capset");
}

/* Runs in the new namespaces, with the parent's memory until execve. */
static int inner(void *arg)
{
	struct floor *floor = arg;
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	for (size_t i = 0; !floor->is_v2 && i < LEN(v1_trees); i++)
		must(floor->task_fds[i] < 0 || write(floor->task_fds[i], "0", 1) == 1,
		     "join cgroup");
	must(unshare(CLONE_NEWCGROUP) == 0, "unshare cgroup namespace");
	syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, "floor");
	setsid();
	mount_all(floor);
	pivot();
	mask_paths();
	readonly_paths();
	must(sethostname("floor", 5) == 0, "sethostname");
	if (floor->has_net)
		loopback_up();
	/* Before the capabilities: without no_new_privs it needs CAP_SYS_ADMIN. */
	if (floor->filter.len > 0)
		must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &floor->filter) == 0,
		     "seccomp");
	drop_capabilities();
	execve(floor->argv[0], floor->argv, environment);
	die(floor->argv[0]);
	return 0;
}

/* Runs beside the container's processes, with the parent's memory until execve. */
static int inner_entering(void *arg)
{
	struct floor *floor = arg;
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	for (size_t i = 0; !floor->is_v2 && i < LEN(v1_trees); i++)
		must(floor->task_fds[i] < 0 || write(floor->task_fds[i], "0", 1) == 1,
		     "join cgroup");
	must(setns(floor->target_fd,
		   CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP) == 0,
	     "setns");
	syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, "floor");
	setsid();
	drop_capabilities();
	execve(floor->argv[0], floor->argv, environment);
	die("execve");
	return 125;
}

static void cgroup_open(struct floor *floor)
{
	char path[128];
	floor->is_v2 = access(CGROUPS "/cgroup.controllers", F_OK) == 0;
	for (size_t i = 0; !floor->is_v2 && i < LEN(v1_trees); i++) {
		snprintf(path, sizeof(path), CGROUPS "/%s/%s/tasks", v1_trees[i], floor->cgroup);
		floor->task_fds[i] = open(path, O_WRONLY | O_CLOEXEC);
	}
	snprintf(path, sizeof(path), CGROUPS "/%s", floor->cgroup);
	if (floor->is_v2)
		floor->cgroup_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static pid_t spawn_entering(struct floor *floor)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	must(setns(floor->target_fd, CLONE_NEWPID) == 0, "setns");
	if (!floor->is_v2)
		return clone(inner_entering, stack + sizeof(stack),
			     CLONE_VM | CLONE_VFORK | SIGCHLD, floor);
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)floor->cgroup_fd };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		inner_entering(floor);
	return pid;
}

static pid_t spawn(struct floor *floor)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
	if (floor->has_net)
		flags |= CLONE_NEWNET;
	if (!floor->is_v2)
		return clone(inner, stack + sizeof(stack),
			     (int)flags | CLONE_VM | CLONE_VFORK | SIGCHLD, floor);
	struct clone_args args = { .flags = flags | CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)floor->cgroup_fd };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		inner(floor);
	return pid;
}

static void read_filter(const char *path, struct sock_fprog *out)
{
	static struct sock_filter filter[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, filter, sizeof(filter)) : -1;
	must(len > 0, path);
	close(fd);
	out->len = (unsigned short)((size_t)len / sizeof(filter[0]));
	out->filter = filter;
}

static void overlay_dirs(const struct floor *floor, bool is_make)
{
	/* The long path is how overlayfs marks a volatile upper. */
	static const char *const dirs[] = { "upper",
					    "work/work/incompat/volatile/dirty",
					    "work/work/incompat/volatile",
					    "work/work/incompat",
					    "work/work",
					    "work" };
	for (size_t i = 0; i < LEN(dirs); i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", floor->scratch_dir, dirs[i]);
		if (is_make && strchr(dirs[i], '/') == NULL)
			must(mkdir(path, 0755) == 0, path);
		else if (!is_make)
			remove(path);
	}
}

static void parse_options(int argc, char **argv, struct floor *out)
{
	for (int option; (option = getopt(argc, argv, "+e:s:o:w:N")) != -1;) {
		switch (option) {
		case 'e':
			out->target_fd = (int)syscall(SYS_pidfd_open, strtol(optarg, NULL, 10), 0);
			must(out->target_fd >= 0, "pidfd_open");
			break;
		case 's':
			read_filter(optarg, &out->filter);
			break;
		case 'o':
			out->lower_dirs = optarg;
			break;
		case 'w':
			out->scratch_dir = optarg;
			break;
		case 'N':
			out->has_net = false;
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind < 2 || (out->lower_dirs != NULL) != (out->scratch_dir != NULL)) {
		dprintf(STDERR_FILENO, "usage: floor [-s FILTER] [-o LAYERS -w DIRECTORY] [-N] "
				       "ROOT COMMAND [ARGUMENT...]\n"
				       "       floor -e PID CGROUP COMMAND [ARGUMENT...]\n");
		exit(2);
	}
	out->root = argv[optind];
	out->argv = argv + optind + 1;
}

int main(int argc, char **argv)
{
	static struct floor floor = { .has_net = true, .target_fd = -1 };
	parse_options(argc, argv, &floor);
	bool is_entering = floor.target_fd >= 0;
	if (floor.lower_dirs != NULL)
		overlay_dirs(&floor, true);
	if (is_entering)
		snprintf(floor.cgroup, sizeof(floor.cgroup), "%s", floor.root);
	if (is_entering)
		cgroup_open(&floor);
	else
		cgroup_make(&floor);

	pid_t pid = is_entering ? spawn_entering(&floor) : spawn(&floor);
	must(pid > 0, "clone");
	int status;
	while (waitpid(pid, &status, 0) < 0)
		must(errno == EINTR, "waitpid");

	if (!is_entering)
		cgroup_remove(&floor);
	if (floor.lower_dirs != NULL)
		overlay_dirs(&floor, false);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
