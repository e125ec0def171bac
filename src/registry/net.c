/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop. One thread, one multi handle; each transfer has a connection of its own, also with
 * HTTP/2: a stream whose reader is slow would hold up the others on its connection.
 */
#include "registry/net.h"

#include "base/mem.h"
#include "registry/auth.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

int net_init(struct net *net, struct err *err)
{
	net->multi = curl_multi_init();
	if (net->multi == NULL)
		return err_set(err, ERR_SYSTEM, "start libcurl");
	curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, 32L);
	return 0;
}

static void endpoint_done(struct endpoint *endpoint)
{
	for (size_t i = 0; i < FETCH_FIELDS; i++)
		auth_wipe(endpoint->fields[i]);
	auth_wipe(endpoint->token);
	free(endpoint->path);
	free(endpoint->ca_path);
}

void net_done(struct net *net)
{
	for (size_t i = 0; i < net->endpoints_len; i++)
		endpoint_done(&net->endpoints[i]);
	auth_wipe(net->identity_token);
	free(net->repository);
	curl_multi_cleanup(net->multi);
}

char *endpoint_url(const struct endpoint *endpoint, const char *tail)
{
	return mem_printf("%s://%s/v2/%s/%s", endpoint->is_plain_http ? "http" : "https",
			  endpoint->fields[FETCH_HOST], endpoint->path, tail);
}

bool endpoint_is_settled(const struct endpoint *failed, const struct endpoint *next,
			 const struct err *why)
{
	return why->kind != ERR_REMOTE && why->kind != ERR_SYSTEM &&
	       strcmp(failed->fields[FETCH_HOST], next->fields[FETCH_HOST]) == 0 &&
	       strcmp(failed->path, next->path) == 0; /* a mirror has others by other prefixes */
}

/* @return how many are done that were not before */
static unsigned collect(struct net *net)
{
	int left;
	unsigned done = 0;
	CURLMsg *msg;
	while ((msg = curl_multi_info_read(net->multi, &left)) != NULL) {
		struct transfer *transfer = NULL;
		CURLcode result = msg->data.result;
		if (msg->msg != CURLMSG_DONE)
			continue;
		CURL *easy = msg->easy_handle; /* msg is gone once the handle is taken out */
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
		curl_multi_remove_handle(net->multi, easy);
		transfer->result = result;
		transfer->is_running = false;
		transfer->is_done = true;
		done++;
	}
	return done;
}

/* Without the engine there is nobody to work for. */
static void end_with_engine(int control_fd)
{
	struct pollfd fd = { .fd = control_fd };
	if (poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR)) != 0)
		_exit(0);
}

void net_turn(struct net *net, int timeout_ms, bool is_idle)
{
	struct curl_waitfd fds[NET_WAITERS_MAX + 1] = {
		{ .fd = net->control_fd, .events = is_idle ? CURL_WAIT_POLLIN : 0 },
	};
	int running, ready;
	curl_multi_perform(net->multi, &running);
	if (collect(net) > 0)
		timeout_ms = 0; /* somebody is to look at it */
	unsigned len = 1 + (net->waiters != NULL ? net->waiters(net, fds + 1) : 0);
	curl_multi_poll(net->multi, fds, len, timeout_ms, &ready);
	end_with_engine(net->control_fd);
	curl_multi_perform(net->multi, &running);
	if (net->after_turn != NULL)
		net->after_turn(net);
	collect(net);
}
