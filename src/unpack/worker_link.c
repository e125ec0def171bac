/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process per job, and what it says. A worker that says something unexpected has failed.
 */
#include "unpack/worker_link.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include <fcntl.h>
#include <stdlib.h>

char worker_program_name[] = "onggi-unpack";

static void worker_free(struct worker *worker)
{
	fd_close(&worker->sock_fd);
	fd_close(&worker->child.pidfd);
	free(worker);
}

struct worker *worker_start(const struct unpack_run *run, char *const argv[],
			    const struct worker_fds *fds, struct err *err)
{
	int pair[2];
	static char *const envp[] = { NULL };
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0) {
		err_sys(err, "open /dev/null");
		return NULL;
	}
	if (sock_pair(pair, err) < 0)
		return NULL;
	AUTO_FD theirs = pair[1];
	AUTO_FD ours = pair[0];
	struct worker *worker = mem_alloc(1, sizeof(*worker));
	worker->run = run;
	worker->child.pidfd = -1;
	const int all[] = { fds->input, theirs, null_fd, fds->output, fds->lower, fds->recipe };
	int given[ARRAY_LEN(all)];
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		given[i] = all[i] >= 0 ? all[i] : null_fd;
	if (process_spawn(run->worker_path, argv, envp, given, ARRAY_LEN(given), &worker->child,
			  err) < 0) {
		worker->sock_fd = -1;
		worker_free(worker);
		return NULL;
	}
	worker->sock_fd = fd_take(&ours);
	return worker;
}

int worker_end(struct worker *worker, int rc, struct err *err)
{
	struct process_exit result = { 0 };
	if (rc < 0)
		fd_close(&worker->sock_fd);
	if (process_wait(worker->child.pidfd, &result, rc == 0 ? err : NULL) < 0)
		rc = -1;
	else if (rc == 0 && (result.is_signaled || result.status != 0))
		rc = err_set(err, ERR_REMOTE, "the unpack worker failed at its end");
	worker_free(worker);
	return rc;
}

int worker_take(struct worker *worker, struct err *err)
{
	int rc = packet_recv(worker->sock_fd, &worker->packet, NULL, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_REMOTE, "the unpack worker ended without a word (killed?)");
	switch (worker->packet.type) {
	case UNPACK_PROGRESS:
		if (worker->run->progress != NULL)
			worker->run->progress(worker->run->arg, worker->packet.done_bytes);
		return 0;
	case UNPACK_ERROR:
		if (!err_is_set(&worker->packet.error))
			return err_set(err, ERR_REMOTE, "the unpack worker failed");
		if (err != NULL)
			*err = worker->packet.error;
		return -1;
	default:
		if (worker->packet.type == 0 || worker->packet.type > UNPACK_REPLY)
			return err_set(err, ERR_REMOTE, "the unpack worker babbles");
		return (int)worker->packet.type;
	}
}

int worker_next(struct worker *worker, struct err *err)
{
	int type;
	do {
		type = worker_take(worker, err);
	} while (type == 0);
	return type;
}

int worker_unexpected(int type, struct err *err)
{
	return type < 0 ? -1
			: err_set(err, ERR_REMOTE,
				  "the unpack worker said something unexpected (%d)", type);
}
