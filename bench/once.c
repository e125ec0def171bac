/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command, or several with a word ";" between them one after the other, with their output
 * thrown away, and writes "WALL_NS CPU_US PEAK_KB STATUS" of all of them to stdout; the status is
 * that of the first that fails. A small static program of its own, because the kernel starts the
 * peak memory of a child with that of the process it was made by: measured from an interpreter,
 * every peak is 16 MB.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
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

struct total {
	int64_t cpu_us;
	long peak_kb;
	int status;
};

static int run(char **argv, const posix_spawn_file_actions_t *actions, struct total *total)
{
	extern char **environ;
	pid_t pid;
	int status;
	struct rusage usage;
	if (posix_spawnp(&pid, argv[0], actions, NULL, argv, environ) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid)
		return -1;
	total->cpu_us += cpu_us(&usage);
	if (usage.ru_maxrss > total->peak_kb)
		total->peak_kb = usage.ru_maxrss;
	total->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

int main(int argc, char **argv)
{
	struct total total = { 0 };
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 0, 1);

	int64_t start = now_ns();
	for (int first = 1; first < argc && total.status == 0;) {
		int end = first;
		while (end < argc && strcmp(argv[end], ";") != 0)
			end++;
		argv[end] = NULL;
		if (end == first || run(argv + first, &actions, &total) < 0)
			return 1;
		first = end + 1;
	}
	int64_t wall_ns = now_ns() - start;
	printf("%lld %lld %ld %d\n", (long long)wall_ns, (long long)total.cpu_us, total.peak_kb,
	       total.status);
	return argc < 2 ? 2 : 0;
}
