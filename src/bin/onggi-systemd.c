/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker that speaks to systemd, for --systemd-cgroup: started by onggi-runtime, one request
 * each. The only program with libsystemd in it.
 */
#include "runtime/scope/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	if (isatty(STDIN_FILENO) || fcntl(SCOPE_SOCK_FD, F_GETFD) < 0) {
		fputs("onggi-systemd is started by onggi-runtime\n", stderr);
		return 1;
	}
	return scope_worker_main();
}
