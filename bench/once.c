/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one command with its output thrown away, and writes "WALL_NS CPU_US PEAK_KB STATUS" to
 * stdout. A small static program of its own, because the kernel starts the peak memory of a child
 * with that of the process it was made by: measured from an interpreter, every peak is 16 MB.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static int64_t cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000ll +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	extern char **environ;
	if (argc < 2)
		return 2;
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 0, 1);

	int64_t start = now_ns();
	pid_t pid;
	int error = posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ);
	if (error != 0)
		return 1;
	int status;
	struct rusage usage;
	if (wait4(pid, &status, 0, &usage) != pid)
		return 1;
	int64_t wall_ns = now_ns() - start;
	printf("%lld %lld %ld %d\n", (long long)wall_ns, (long long)cpu_us(&usage), usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
