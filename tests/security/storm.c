/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other half of a race.
 *
 *	storm swap DIR A B [A B]...    exchange each A with its B below DIR, over and over, until
 *	                               SIGTERM; then say how often
 *	storm naive ROOT DIR OUTSIDE SECONDS
 *	                               the mistake that a runtime must not make: look where ROOT/DIR
 *	                               leads, see that it is inside, then make ROOT/DIR/made by
 *                               path; 0 as soon as OUTSIDE/made is there, 1 if the time is over
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static int swap(int argc, char **argv)
{
	unsigned long long swaps = 0;
	int dir_fd = open(argv[0], O_PATH | O_DIRECTORY);
	struct sigaction action = { .sa_handler = end };
	sigaction(SIGTERM, &action, NULL);
	if (dir_fd < 0)
		return 1;
	while (!is_over)
		for (int i = 1; i + 1 < argc; i += 2)
			swaps += renameat2(dir_fd, argv[i], dir_fd, argv[i + 1], RENAME_EXCHANGE) ==
				 0;
	printf("%llu\n", swaps);
	return 0;
}

static int naive(char **argv)
{
	char path[PATH_MAX], made[PATH_MAX + 8], outside[PATH_MAX + 8], resolved[PATH_MAX];
	unsigned long tries = 0;
	time_t over = time(NULL) + strtol(argv[3], NULL, 10);
	snprintf(path, sizeof(path), "%s/%s", argv[0], argv[1]);
	snprintf(made, sizeof(made), "%s/made", path);
	snprintf(outside, sizeof(outside), "%s/made", argv[2]);
	for (; time(NULL) < over; tries++) {
		if (realpath(path, resolved) == NULL ||
		    strncmp(resolved, argv[0], strlen(argv[0])) != 0)
			continue;
		mkdir(made, 0755);
		if (rmdir(outside) == 0) {
			printf("escaped after %lu tries\n", tries);
			return 0;
		}
		rmdir(made);
	}
	printf("inside for %lu tries\n", tries);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc >= 5 && strcmp(argv[1], "swap") == 0)
		return swap(argc - 2, argv + 2);
	if (argc == 6 && strcmp(argv[1], "naive") == 0)
		return naive(argv + 2);
	fputs("storm swap DIR A B [A B]... | storm naive ROOT DIR OUTSIDE SECONDS\n", stderr);
	return 2;
}
