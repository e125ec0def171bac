/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Between us and the worker that knows CRIU's protocol: packets over descriptor
 * CRIU_CONTROL_FD; CRIU itself is at the other end of its descriptor CRIU_RPC_FD. There: one
 * request (runtime/checkpoint/request.h). Back: an event for each of CRIU's messages, the last
 * one with what became of the request. Each note is answered with one byte, CRIU_GO_ON or not.
 */
#include <stdbool.h>
#include <stdint.h>

#define CRIU_WORKER_NAME "onggi-criu"
#define CRIU_CONTROL_FD  3
#define CRIU_RPC_FD      4
#define CRIU_REQUEST_MAX 65536

#define CRIU_GO_ON 'y'
#define CRIU_STOP  'n'

#define CRIU_NOTE_MAX    64
#define CRIU_MESSAGE_MAX 512

struct criu_event {
	bool is_last; /* else a note */
	bool is_success;
	char note[CRIU_NOTE_MAX]; /* "post-restore", ...; a descriptor may come along */
	int32_t pid;              /* of the first process, as the host sees it; 0: not told */
	int32_t version;          /* of a version request: 31701 is 3.17.1 */
	bool has_mem_track, has_lazy_pages; /* of a feature check */
	int32_t errnum;                     /* of a failure; 0: not told */
	char message[CRIU_MESSAGE_MAX];     /* of a failure: CRIU's first error, or "" */
};
