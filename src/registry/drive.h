/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of a session, for the engine's side alone (drive.c, image.c). */
#include "registry/protocol.h"
#include "registry/registry.h"
#include "sys/process.h"

struct blob_record {
	enum { BLOB_GOING, BLOB_GOOD, BLOB_FAILED } state;
	uint64_t size;
	struct err err;
};

struct registry_session {
	struct process_child child;
	int sock_fd;
	registry_progress_fn *progress;
	void *arg;
	struct blob_record *blobs; /* all there ever were: the number is the index */
	size_t blobs_len;
	unsigned going;
	struct fetch_packet packet; /* the last one */
};

/** Wait for the next packet that is not about a blob. @return its type; -1, also for ERROR */
int registry_next(struct registry_session *session, struct err *err);
