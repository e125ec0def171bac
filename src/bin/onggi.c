/* SPDX-License-Identifier: Apache-2.0 */
/* onggi: the command line. Everything is in the cli floor; here is only what a process needs. */
#include "cli/verb.h"

#include <fcntl.h>
#include <unistd.h>

/* With 0, 1 or 2 closed, the next file opened would take its place, and errors would be written
 * into it. */
static void standard_fds_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(125);
}

int main(int argc, char **argv)
{
	standard_fds_open();
	if (argc < 1)
		return 125;
	return cli_main(argv);
}
