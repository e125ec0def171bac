/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, one answer. It goes when its caller goes: a unit that nobody waits for must not be
 * made.
 */
#include "runtime/scope/worker.h"

#include "base/mem.h"
#include "runtime/scope/property.h"
#include "sys/sock.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define WORDS_MAX (SCOPE_WORD_PROPERTIES + PROPERTIES_MAX)

static int split(char *packet, size_t len, char **words, size_t *out_len, struct err *err)
{
	size_t count = 0;
	if (len == 0 || packet[len - 1] != '\0')
		return err_set(err, ERR_INVALID, "a request that is cut off");
	for (size_t at = 0; at < len; at += strlen(packet + at) + 1) {
		if (count == WORDS_MAX)
			return err_set(err, ERR_INVALID, "a request of too many words");
		words[count++] = packet + at;
	}
	*out_len = count;
	return count >= SCOPE_WORD_PROPERTIES
		       ? 0
		       : err_set(err, ERR_INVALID, "a request of too few words");
}

static int perform(const struct worker_request *request, struct scope_reply *reply, struct err *err)
{
	sd_bus *bus = NULL;
	int rc;
	if (bus_open(request->is_user, &bus, err) < 0)
		return -1;
	if (strcmp(request->verb, SCOPE_VERB_START) == 0)
		rc = unit_start(bus, request, reply, err);
	else if (strcmp(request->verb, SCOPE_VERB_SET) == 0)
		rc = unit_set(bus, request, err);
	else if (strcmp(request->verb, SCOPE_VERB_STOP) == 0)
		rc = unit_stop(bus, request, err);
	else if (strcmp(request->verb, SCOPE_VERB_JOIN) == 0)
		rc = unit_join(bus, request, err);
	else
		rc = err_set(err, ERR_INVALID, "an unknown verb");
	sd_bus_flush_close_unref(bus);
	return rc;
}

static int serve(struct scope_reply *reply, struct err *err)
{
	static char packet[SCOPE_REQUEST_MAX];
	static char *words[WORDS_MAX];
	size_t len = 0;
	ssize_t n = sock_recv(SCOPE_SOCK_FD, packet, sizeof(packet), NULL, err);
	if (n < 0 || split(packet, (size_t)n, words, &len, err) < 0)
		return -1;
	struct worker_request request = {
		.verb = words[SCOPE_WORD_VERB],
		.unit = words[SCOPE_WORD_UNIT],
		.is_user = strcmp(words[SCOPE_WORD_BUS], "user") == 0,
		.properties = words + SCOPE_WORD_PROPERTIES,
		.properties_len = len - SCOPE_WORD_PROPERTIES,
	};
	return perform(&request, reply, err);
}

int scope_worker_main(void)
{
	struct scope_reply reply = { 0 };
	struct err err = { 0 };
	if (fcntl(SCOPE_SOCK_FD, F_SETFD, FD_CLOEXEC) < 0)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (serve(&reply, &err) < 0)
		reply.err = err;
	return sock_send(SCOPE_SOCK_FD, &reply, sizeof(reply), -1, NULL) < 0 ? 1 : 0;
}
