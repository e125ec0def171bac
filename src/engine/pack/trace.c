/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A small tracer: it stops at system calls, looks at those that open or execute, and lets
 * everything happen. It changes nothing in the traced processes and trusts nothing they hold:
 * paths are read from their memory with a limit and only noted.
 */
#include "engine/pack/trace.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define TASKS_MAX    4096
#define PAGE_BYTES   4096

enum call_kind {
	CALL_OTHER,
	CALL_OPEN,
	CALL_OPENAT,
	CALL_OPENAT2,
	CALL_EXECVE,
	CALL_EXECVEAT,
	CALL_STAT,   /* a path first */
	CALL_STATAT, /* a directory, then a path */
};

struct call_number {
	uint64_t number;
	enum call_kind kind;
};

/* One a line: the #ifs stand between them. */
/* clang-format off */
static const struct call_number own_calls[] = {
#ifdef SYS_open /* newer architectures have only the calls with a directory */
	{ SYS_open, CALL_OPEN },
	{ SYS_stat, CALL_STAT },
	{ SYS_lstat, CALL_STAT },
	{ SYS_access, CALL_STAT },
#endif
#ifdef SYS_newfstatat
	{ SYS_newfstatat, CALL_STATAT },
#endif
	{ SYS_statx, CALL_STATAT },
	{ SYS_faccessat, CALL_STATAT },
	{ SYS_faccessat2, CALL_STATAT },
	{ SYS_openat, CALL_OPENAT },
	{ SYS_openat2, CALL_OPENAT2 },
	{ SYS_execve, CALL_EXECVE },
	{ SYS_execveat, CALL_EXECVEAT },
};

/* 32-bit programs on x86-64. Source: arch/x86/entry/syscalls/syscall_32.tbl */
static const struct call_number i386_calls[] = {
	{ 5, CALL_OPEN },
	{ 195, CALL_STAT },
	{ 196, CALL_STAT },
	{ 33, CALL_STAT },
	{ 300, CALL_STATAT },
	{ 383, CALL_STATAT },
	{ 307, CALL_STATAT },
	{ 439, CALL_STATAT },
	{ 295, CALL_OPENAT },
	{ 437, CALL_OPENAT2 },
	{ 11, CALL_EXECVE },
	{ 358, CALL_EXECVEAT },
};
/* clang-format on */

/* A task inside a call we look at. */
struct task {
	pid_t tid; /* 0: free */
	enum call_kind kind;
	uint64_t flags;
	int dir_fd;
	uint64_t path_address;
	char *exec_path; /* read at entry: memory and program are others after the exec */
	char *exec_by;
};

struct tracer {
	struct pack_trace *trace;
	struct task tasks[TASKS_MAX];
	pid_t main_pid;
	bool has_executed;
};

void pack_trace_done(struct pack_trace *trace)
{
	for (size_t i = 0; i < trace->len; i++) {
		free(trace->files[i].path);
		free(trace->files[i].by);
	}
	free(trace->files);
	memset(trace, 0, sizeof(*trace));
}

static struct task *find_task(struct tracer *tracer, pid_t tid)
{
	for (size_t i = 0; i < TASKS_MAX; i++)
		if (tracer->tasks[i].tid == tid)
			return &tracer->tasks[i];
	return NULL;
}

static void forget_task(struct task *task)
{
	if (task == NULL)
		return;
	free(task->exec_path);
	free(task->exec_by);
	memset(task, 0, sizeof(*task));
}

static char *read_proc_link(pid_t tid, const char *what)
{
	char link[64], target[PATH_MAX];
	snprintf(link, sizeof(link), "/proc/%d/%s", tid, what);
	ssize_t n = readlink(link, target, sizeof(target));
	return n > 0 && n < (ssize_t)sizeof(target) ? mem_strndup(target, (size_t)n) : NULL;
}

/* A string in the memory of a stopped task, page by page: the next page may not be there. */
static char *read_string(pid_t tid, uint64_t address)
{
	char text[PATH_MAX];
	for (size_t len = 0; len < sizeof(text);) {
		size_t want = PAGE_BYTES - (size_t)((address + len) % PAGE_BYTES);
		if (want > sizeof(text) - len)
			want = sizeof(text) - len;
		struct iovec local = { text + len, want };
		struct iovec remote = { (void *)(uintptr_t)(address + len), want };
		ssize_t n = process_vm_readv(tid, &local, 1, &remote, 1, 0);
		if (n <= 0)
			return NULL;
		if (memchr(text + len, '\0', (size_t)n) != NULL)
			return mem_strdup(text);
		len += (size_t)n;
	}
	return NULL;
}

/* As seen from the file system's root. Owned, or NULL. */
static char *make_absolute(pid_t tid, int dir_fd, const char *path)
{
	char fd_name[32];
	if (path[0] == '/')
		return mem_strdup(path);
	snprintf(fd_name, sizeof(fd_name), "fd/%d", dir_fd);
	AUTO_FREE char *base = read_proc_link(tid, dir_fd == AT_FDCWD ? "cwd" : fd_name);
	if (base == NULL || base[0] != '/')
		return NULL;
	return path[0] != '\0' ? mem_printf("%s/%s", base, path) : ptr_take(&base);
}

/* Both strings are consumed; a NULL path is passed over. */
static void note_file(struct tracer *tracer, char *path, char *by, enum pack_use use)
{
	struct pack_trace *trace = tracer->trace;
	AUTO_FREE char *owned = path;
	AUTO_FREE char *owned_by = by;
	if (owned == NULL || trace->len == PACK_TRACE_MAX)
		return;
	for (size_t i = 0; i < trace->len; i++) {
		if (strcmp(trace->files[i].path, owned) == 0) {
			if (use > trace->files[i].use)
				trace->files[i].use = use;
			return;
		}
	}
	trace->files = mem_realloc(trace->files, (trace->len + 1) * sizeof(*trace->files));
	trace->files[trace->len++] = (struct pack_traced){
		.path = ptr_take(&owned),
		.by = owned_by != NULL ? ptr_take(&owned_by) : mem_strdup("the traced command"),
		.use = use,
	};
}

static enum call_kind classify(uint32_t arch, uint64_t number)
{
	bool is_i386 = arch == AUDIT_ARCH_I386 && sizeof(void *) == 8;
	const struct call_number *calls = is_i386 ? i386_calls : own_calls;
	size_t len = is_i386 ? ARRAY_LEN(i386_calls) : ARRAY_LEN(own_calls);
	for (size_t i = 0; i < len; i++)
		if (calls[i].number == number)
			return calls[i].kind;
	return CALL_OTHER;
}

static uint64_t read_how_flags(pid_t tid, uint64_t address)
{
	struct open_how how = { 0 };
	struct iovec local = { &how, sizeof(how) };
	struct iovec remote = { (void *)(uintptr_t)address, sizeof(how) };
	return process_vm_readv(tid, &local, 1, &remote, 1, 0) > 0 ? how.flags : O_CREAT;
}

static void enter_call(struct tracer *tracer, pid_t tid, const struct __ptrace_syscall_info *info)
{
	const __typeof__(info->entry.args[0]) *args = info->entry.args;
	enum call_kind kind = classify(info->arch, info->entry.nr);
	forget_task(find_task(tracer, tid));
	struct task *task = kind != CALL_OTHER ? find_task(tracer, 0) : NULL;
	if (task == NULL)
		return;
	bool has_dir = kind == CALL_OPENAT || kind == CALL_OPENAT2 || kind == CALL_EXECVEAT ||
		       kind == CALL_STATAT;
	*task = (struct task){ .tid = tid,
			       .kind = kind,
			       .dir_fd = has_dir ? (int)args[0] : AT_FDCWD,
			       .path_address = args[has_dir ? 1 : 0],
			       .flags = args[has_dir ? 2 : 1] };
	if (kind == CALL_OPENAT2)
		task->flags = read_how_flags(tid, args[2]);
	if (kind == CALL_EXECVE || kind == CALL_EXECVEAT) {
		AUTO_FREE char *path = read_string(tid, task->path_address);
		task->exec_path = path != NULL ? make_absolute(tid, task->dir_fd, path) : NULL;
		task->exec_by = read_proc_link(tid, "exe");
	}
}

static bool is_input(const struct task *task)
{
	return (task->flags & O_ACCMODE) != O_WRONLY &&
	       (task->flags & (O_CREAT | O_TRUNC | __O_TMPFILE | O_DIRECTORY)) == 0;
}

static void leave_call(struct tracer *tracer, pid_t tid, bool is_error)
{
	struct task *task = find_task(tracer, tid);
	if (task == NULL)
		return;
	bool is_open = task->kind == CALL_OPEN || task->kind == CALL_OPENAT ||
		       task->kind == CALL_OPENAT2;
	bool is_stat = task->kind == CALL_STAT || task->kind == CALL_STATAT;
	if (!is_error && (is_stat || (is_open && is_input(task)))) {
		AUTO_FREE char *path = read_string(tid, task->path_address);
		/* "" is fstat(2): that file was opened before */
		if (path != NULL && *path != '\0')
			note_file(tracer, make_absolute(tid, task->dir_fd, path),
				  read_proc_link(tid, "exe"),
				  is_open ? PACK_OPENED : PACK_EXAMINED);
	}
	forget_task(task);
}

static void see_syscall(struct tracer *tracer, pid_t tid)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter_call(tracer, tid, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave_call(tracer, tid, info.exit.is_error != 0);
}

/* A thread that executes gets the number of its process: the event tells which it was. */
static void see_exec(struct tracer *tracer, pid_t tid)
{
	unsigned long former = (unsigned long)tid;
	ptrace(PTRACE_GETEVENTMSG, tid, 0, &former);
	struct task *task = find_task(tracer, (pid_t)former);
	if (task != NULL && task->exec_path != NULL)
		note_file(tracer, ptr_take(&task->exec_path), ptr_take(&task->exec_by),
			  PACK_EXECUTED);
	tracer->has_executed = true;
	forget_task(task);
}

/* @return true if the command has ended */
static bool see_end(struct tracer *tracer, pid_t tid, int status)
{
	forget_task(find_task(tracer, tid));
	if (tid != tracer->main_pid)
		return false;
	tracer->trace->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

static void see_stop(struct tracer *tracer, pid_t tid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	if (signal == SYSCALL_STOP) {
		see_syscall(tracer, tid);
		signal = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		see_exec(tracer, tid);
		signal = 0;
	} else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
		/* A group stop (Ctrl-Z): stay stopped until SIGCONT, as without us. */
		ptrace(PTRACE_LISTEN, tid, 0, 0);
		return;
	} else if (event != 0) {
		signal = 0;
	}
	ptrace(PTRACE_SYSCALL, tid, 0, signal);
}

static int follow(struct tracer *tracer, struct err *err)
{
	for (;;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0)
			return err_sys(err, "wait for the traced command");
		if (WIFSTOPPED(status))
			see_stop(tracer, tid, status);
		else if (see_end(tracer, tid, status))
			return 0;
	}
}

/* The child waits until it is traced, then executes; its exit status tells errno otherwise. Our
 * standard output is for the answer of pack. */
static void run_child(int go_fd, const char *path, char *const argv[]) NORETURN;
static void run_child(int go_fd, const char *path, char *const argv[])
{
	char byte;
	if (read(go_fd, &byte, 1) == 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) {
		execv(path, argv);
		_exit(errno & 0xff);
	}
	_exit(EIO);
}

static int start(struct tracer *tracer, const char *path, char *const argv[], struct err *err)
{
	int go[2];
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	AUTO_FD go_read_fd = go[0];
	AUTO_FD go_write_fd = go[1];
	struct process_clone clone = { .cgroup_fd = -1, .out_pidfd = -1 };
	pid_t pid = process_fork(&clone, err);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		close(go_write_fd);
		run_child(go_read_fd, path, argv);
	}
	AUTO_FD pidfd = clone.out_pidfd;
	tracer->main_pid = pid;
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0) {
		struct process_exit ignored;
		err_sys(err, "trace %s", path);
		process_signal(pidfd, SIGKILL, NULL);
		process_wait(pidfd, &ignored, NULL);
		return -1;
	}
	note_file(tracer, mem_strdup(path), NULL, PACK_EXECUTED);
	return 0;
}

int pack_trace_run(const char *path, char *const argv[], struct pack_trace *out, struct err *err)
{
	AUTO(struct pack_trace, pack_trace_done) trace = { 0 };
	AUTO_FREE struct tracer *tracer = mem_alloc(1, sizeof(*tracer));
	tracer->trace = &trace;
	if (start(tracer, path, argv, err) < 0)
		return -1;
	int result = follow(tracer, err);
	for (size_t i = 0; i < TASKS_MAX; i++)
		forget_task(&tracer->tasks[i]);
	if (result < 0)
		return -1;
	if (!tracer->has_executed)
		return err_num(err, trace.exit_code, "execute %s", path);
	*out = trace;
	trace = (struct pack_trace){ 0 };
	return 0;
}
