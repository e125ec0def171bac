/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inner process, last part: what it may do, and its end, the exec. Everything here takes
 * something away; the order is by what each step itself still needs.
 */
#include "runtime/boot/step_functions.h"

#include "base/mem.h"
#include "kernel/lsm/lsm.h"
#include "kernel/ns/privilege.h"
#include "kernel/proc/procfs.h"
#include "kernel/proc/tty.h"
#include "kernel/seccomp/seccomp.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int inner_set_rlimits(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec_process *process = &boot->spec->process;
	return rlimit_apply(process->rlimits, process->rlimits_len, err);
}

int inner_set_oom_score(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	AUTO_FD self_fd = procfs_open_self(boot->proc_fd, err);
	if (self_fd < 0)
		return -1;
	return sched_apply_oom_score(self_fd, boot->spec->process.oom_score_adj, err);
}

int inner_set_ioprio(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return sched_apply_ioprio(&boot->spec->process.ioprio, err);
}

int inner_set_scheduler(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return sched_apply_policy(&boot->spec->process.scheduler, 0, err);
}

int inner_set_label(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec_process *process = &boot->spec->process;
	AUTO_FD self_fd = procfs_open_self(boot->proc_fd, err);
	if (self_fd < 0)
		return -1;
	if (process->apparmor_profile != NULL &&
	    lsm_set_apparmor_exec(self_fd, process->apparmor_profile, err) < 0)
		return -1;
	if (process->selinux_label != NULL &&
	    lsm_set_selinux_exec(self_fd, process->selinux_label, err) < 0)
		return -1;
	return 0;
}

static bool is_null_device(int fd)
{
#ifdef ONGGI_WEAK_NULL
	return false;
#endif
	return root_is_null_device(fd);
}

/* The host's /dev/null is an inode of the host: root inside could change its mode through
 * /proc/self/fd. Where the container has one of its own, that one takes its place. */
static int place_stdio(const struct boot *boot, int i, struct err *err)
{
	int fd = boot->stdio_fds[i];
	if (boot->null_fd >= 0 && is_null_device(fd))
		fd = boot->null_fd;
	if (fd != i && dup2(fd, i) < 0)
		return err_sys(err, "standard descriptor %d", i);
	if (fd == i && fcntl(i, F_SETFD, 0) < 0)
		return err_sys(err, "keep standard descriptor %d", i);
	return 0;
}

/* What is kept beside the payload's own descriptors, from the first number after those. */
static int first_kept(const struct boot *boot)
{
	return STDERR_FILENO + 1 + (int)boot->plan->options->preserve_fds;
}

static int move_fd(int *fd, int to, struct err *err)
{
	if (*fd != to && dup3(*fd, to, O_CLOEXEC) < 0)
		return err_sys(err, "keep descriptor %d", to);
	*fd = to;
	return 0;
}

/*
 * Close-on-exec is too late: the program's own path, its interpreter and the working directory
 * are looked up before, and /proc/self/fd/N/../.. would lead through a directory of ours to the
 * host. Only the boot socket and the gate's FIFOs stay; nothing can be looked up below those.
 */
static int close_the_rest(struct boot *boot, struct err *err)
{
	int *const kept[] = { &boot->child_sock, &boot->start_fd, &boot->result_fd };
	int next = first_kept(boot);
#ifdef ONGGI_WEAK_A7
	return 0;
#endif
	/* Out of each other's way first. */
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		if (*kept[i] < 0 || *kept[i] >= next + (int)ARRAY_LEN(kept))
			continue;
		int fd = fcntl(*kept[i], F_DUPFD_CLOEXEC, next + (int)ARRAY_LEN(kept));
		if (fd < 0)
			return err_sys(err, "keep descriptor %d", *kept[i]);
		*kept[i] = fd;
	}
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (*kept[i] >= 0 && move_fd(kept[i], next++, err) < 0)
			return -1;
	fd_close_from(next);
	return 0;
}

int inner_set_stdio(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* Who enters a container begins its session later, and takes control of it then. */
	bool is_entering = boot->plan->target != NULL;
	for (int i = 0; i < 3 && is_entering && boot->console_slave_fd >= 0; i++)
		boot->stdio_fds[i] = boot->console_slave_fd;
	if (boot->console_slave_fd >= 0 && !is_entering) {
		if (tty_become_console(boot->console_slave_fd, err) < 0)
			return -1;
		boot->console_slave_fd = -1; /* it is 0, 1 and 2 now */
		return close_the_rest(boot, err);
	}
	for (int i = 0; i < 3; i++)
		if (place_stdio(boot, i, err) < 0)
			return -1;
	return close_the_rest(boot, err);
}

int inner_drop_bounding(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return caps_apply_bounding(&boot->spec->process.caps, err);
}

int inner_load_seccomp(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec *spec = boot->spec;
	struct seccomp_program program = {
		.filter = spec->seccomp.filter,
		.len = spec->seccomp.len,
		.flags = spec->seccomp.flags,
	};
	return seccomp_has_listener(&program) ? inner_load_listening_seccomp(boot, &program, err)
					      : seccomp_install(&program, err);
}

/* EINVAL means just one thing here. */
static int fail_id(const char *what, unsigned id, struct err *err)
{
	bool is_unmapped = errno == EINVAL;
	err_sys(err, "become %s %u", what, id);
	return is_unmapped ? err_hint(err, "the user namespace of the container has no such id")
			   : -1;
}

static int set_groups(const struct boot *boot, struct err *err)
{
	if (setgroups(boot->groups_len, boot->groups) == 0)
		return 0;
	bool are_fixed = ns_groups_are_fixed(errno);
	if (are_fixed && boot->groups_len == 0)
		return 0;
	err_sys(err, "set %zu supplementary groups", boot->groups_len);
	return are_fixed ? err_hint(err, "setgroups is denied in this user namespace; it is not "
					 "where newgidmap maps groups that /etc/subgid lists")
			 : -1;
}

/* A terminal of ours and pipes are the user's, who may open them again by /proc/self/fd, as
 * programs that write to /dev/stdout do. Files and the caller's devices stay whose they are. */
static void own_stdio(const struct boot *boot)
{
	struct stat st;
	bool has_console = boot->plan->options->uses_console;
	for (int i = 0; i < 3; i++)
		if (fstat(i, &st) == 0 && st.st_uid != boot->uid &&
		    (S_ISFIFO(st.st_mode) || (has_console && S_ISCHR(st.st_mode))))
			/* Not where the user namespace does not have its owner. */
			(void)!fchown(i, boot->uid, (gid_t)-1);
}

int inner_set_user(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec_user *user = &boot->spec->process.user;
	/* As runc does, and so engines: a home of another user's can be the working directory. */
	boot->is_in_cwd = chdir(boot->spec->process.cwd) == 0;
	if (boot->uid != 0)
		own_stdio(boot);
#ifndef ONGGI_WEAK_A8
	/* From here on we are no more than the payload: a process of a shared pid namespace could
	 * trace us and take our memory and program (/proc/PID/exe), if this did not forbid it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, "become undumpable");
#endif
	if (boot->spec->process.has_caps && boot->uid != 0 &&
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(err, "keep capabilities");
	if (!boot->spec->keeps_groups && set_groups(boot, err) < 0)
		return -1;
	if (setresgid(boot->gid, boot->gid, boot->gid) < 0)
		return fail_id("group", boot->gid, err);
	if (setresuid(boot->uid, boot->uid, boot->uid) < 0)
		return fail_id("user", boot->uid, err);
	umask(user->has_umask ? user->umask : 0022);
	return 0;
}

int inner_set_caps(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	return caps_apply(&boot->spec->process.caps, err);
}

int inner_set_caps_but_one(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct caps caps = boot->spec->process.caps;
	caps.permitted |= UINT64_C(1) << CAP_SYS_ADMIN;
	caps.effective |= UINT64_C(1) << CAP_SYS_ADMIN;
	return caps_apply(&caps, err);
}

/* A directory outside the root would show as "(unreachable)/...": getcwd(3) then fails. */
static int check_inside(const char *cwd, struct err *err)
{
	char here[PATH_MAX];
	bool is_known = getcwd(here, sizeof(here)) != NULL;
	if (!is_known && errno != ENOENT)
		return err_sys(err, "look up the working directory %s", cwd);
	if (!is_known || here[0] != '/')
		return err_set(err, ERR_INVALID, "working directory %s is outside the root", cwd);
	return 0;
}

int inner_change_directory(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const char *cwd = boot->spec->process.cwd;
	if (!boot->is_in_cwd && chdir(cwd) < 0)
		return err_sys(err, "working directory %s", cwd);
#ifdef ONGGI_WEAK_CWD
	return 0;
#endif
	return check_inside(cwd, err);
}

static int fail_program(struct boot *boot, const char *path, int errnum, struct err *err)
{
	AUTO_FD root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	boot->board->exit_code = errnum == ENOENT ? 127 : 126;
	if (boot->diagnose != NULL && root_fd >= 0)
		boot->board->exit_code = boot->diagnose(root_fd, path, &boot->spec->process.env,
							errnum, err);
	else
		err_num(err, errnum, "exec %s", path);
	return -1;
}

/* One that is named by its path shows at its exec, unless that comes later than the answer: then
 * what can be seen is told with it. A filter may be at work, so other errors say nothing of the
 * file. */
static int check_program(struct boot *boot, const char *path, struct err *err)
{
	struct stat st;
	int errnum = 0;
	if (boot->start_fd < 0)
		return 0;
	if (stat(path, &st) < 0 || access(path, X_OK) < 0)
		errnum = errno;
	else if (!S_ISREG(st.st_mode))
		errnum = EACCES;
	bool is_told = errnum == ENOENT || errnum == ENOTDIR || errnum == EACCES;
	return is_told ? fail_program(boot, path, errnum, err) : 0;
}

/* As execvp(3): the first of PATH that is an executable file; EACCES remembered. */
int inner_find_program(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec_process *process = &boot->spec->process;
	const char *name = process->args.items[0];
	if (strchr(name, '/') != NULL) {
		boot->program = mem_strdup(name);
		return check_program(boot, name, err);
	}
	const char *path = strv_env_get(&process->env, "PATH");
	AUTO(struct strv, strv_done) dirs = { 0 };
	strv_split(&dirs, path != NULL ? path : "/bin:/usr/bin", ':');
	int errnum = ENOENT;
	for (size_t i = 0; i < dirs.len && name[0] != '\0'; i++) {
		AUTO_FREE char *candidate = mem_printf(
			"%s/%s", dirs.items[i][0] != '\0' ? dirs.items[i] : ".", name);
		struct stat st;
		if (stat(candidate, &st) < 0) {
			/* Of others nobody knows whether it is there. */
			if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
				errnum = errno;
			continue;
		}
		if (!S_ISREG(st.st_mode))
			continue;
		if (access(candidate, X_OK) == 0) {
			boot->program = ptr_take(&candidate);
			return 0;
		}
		errnum = errno;
	}
	return fail_program(boot, name, errnum, err);
}

int inner_die_with_parent(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	/* After the last change of identity: the kernel clears it at each of them. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, "tie the life to the parent's");
	struct pollfd peer = { .fd = boot->child_sock, .events = 0 };
	if (poll(&peer, 1, 0) > 0 && (peer.revents & POLLHUP) != 0)
		return err_set(err, ERR_REMOTE, "the parent is gone");
	return 0;
}

/* From here to the exec only read(2), write(2) and close(2): a filter may be at work already. */
int inner_report_created(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct boot_packet packet = { .message = BOOT_MSG_CREATED };
	if (write(boot->child_sock, &packet, sizeof(packet)) < 0)
		return err_sys(err, "report to the parent");
	ssize_t n;
	do
		n = read(boot->child_sock, &packet, sizeof(packet));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "hear from the parent");
	if (n != (ssize_t)sizeof(packet))
		return err_set(err, ERR_REMOTE, "the parent is gone");
	return 0;
}

static void leave(int number)
{
	_exit(128 + number);
}

/* Who waits may be asked to end, as runc's waiting process can; but process 1 of a pid namespace
 * gets only the signals it has a handler for. Source: pid_namespaces(7) */
static void listen_to_signals(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action = { .sa_handler = leave };
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int inner_await_start(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	char byte;
	fd_close(&boot->child_sock);
	listen_to_signals();
	ssize_t n;
	do
		n = read(boot->start_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return err_sys(err, "wait for the start");
	fd_close(&boot->start_fd);
	return 0;
}

int inner_no_new_privs(struct boot *boot UNUSED, const struct boot_op *op UNUSED, struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "set no_new_privs");
	return 0;
}

static void reset_signals(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int inner_exec(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	const struct spec_process *process = &boot->spec->process;
	AUTO(struct strv, strv_done) env = { 0 };
	strv_add_all(&env, &process->env);
	if (boot->home != NULL && strv_env_get(&env, "HOME") == NULL)
		strv_add_take(&env, mem_printf("HOME=%s", boot->home));
	if (env.items == NULL) {
		strv_add(&env, "");
		strv_remove(&env, 0);
		env.items[0] = NULL;
	}
	reset_signals();
	/* Nothing but the boot socket is open by now, and its end tells the parent that the exec
	 * has happened. */
#ifndef ONGGI_WEAK_CLOEXEC
	fd_cloexec_from(first_kept(boot));
#endif
	execve(boot->program, process->args.items, env.items);
	return fail_program(boot, boot->program, errno, err);
}
