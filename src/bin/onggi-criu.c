/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker that speaks to CRIU, for checkpoint and restore: started by onggi-runtime, one request
 * each. The only program with libprotobuf-c in it.
 */
#include "runtime/checkpoint/protocol.h"
#include "runtime/checkpoint/worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	if (isatty(STDIN_FILENO) || fcntl(CRIU_CONTROL_FD, F_GETFD) < 0) {
		fputs("onggi-criu is started by onggi-runtime\n", stderr);
		return 1;
	}
	return criu_worker_main();
}
