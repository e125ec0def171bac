/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blobs into pipes. Bytes are counted and hashed as they are passed on; a broken connection goes on
 * where it was, at the same endpoint or the next. A pipe that is full pauses its transfer alone.
 */
#include "base/digest.h"
#include "base/mem.h"
#include "registry/auth.h"
#include "registry/bounds.h"
#include "registry/jobs.h"
#include "registry/registry.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_STEP (256u << 10)
#define PATIENCE_MS   1000
#define GOOD_PROGRESS (1u << 20) /* so much at a time, and attempts are counted anew */

struct blob {
	bool is_used, is_ended; /* ended: what became of it is still to be said */
	uint32_t number;        /* the engine's */
	char digest[DIGEST_HEX_SIZE];
	uint64_t size, done, said, done_at_attempt, skip;
	struct digest hash;
	int pipe_fd;
	struct buf pending; /* taken, and not yet in the pipe */
	bool is_paused;
	size_t endpoint, endpoints_tried;
	struct transfer transfer;
	bool is_complete; /* all bytes came */
	bool is_spoilt;   /* the pipe got something wrong, or is gone */
	struct err err;
};

struct blobs {
	struct net *net;
	struct blob list[REGISTRY_BLOBS_MAX];
};

/* --- the pipe --- */

/* @return bytes written, 0 when it is full, -1 */
static ssize_t put(struct blob *blob, const char *data, size_t len, struct err *err)
{
	size_t at = 0;
	while (at < len) {
		ssize_t n = write(blob->pipe_fd, data + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return err_sys(err, "pass a layer's bytes on");
		at += (size_t)n;
	}
	return (ssize_t)at;
}

/* @return 1 nothing is pending any more, 0 something is, -1 */
static int flush(struct blob *blob, struct err *err)
{
	struct buf *pending = &blob->pending;
	if (pending->len == 0)
		return 1;
	ssize_t n = put(blob, pending->data, pending->len, err);
	if (n < 0)
		return -1;
	memmove(pending->data, pending->data + n, pending->len - (size_t)n);
	pending->len -= (size_t)n;
	return pending->len == 0;
}

static int give_up(struct blob *blob, struct err *why)
{
	transfer_break(&blob->transfer, why);
	return 0;
}

/* The first bytes of an answer: is it what was asked for? */
static int check_answer(struct blob *blob, struct err *err)
{
	const struct transfer *transfer = &blob->transfer;
	const struct answer *answer = &transfer->answer;
	const char *host = transfer->endpoint->fields[FETCH_HOST];
	uint64_t first, last, total, expected = blob->size - transfer->offset;
	curl_off_t declared = -1;
	curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared);
	blob->skip = 0;
	if (answer->status == 200) { /* all of it again */
		blob->skip = transfer->offset;
		expected = blob->size;
	} else if (answer->range == NULL ||
		   !header_content_range(answer->range, &first, &last, &total) ||
		   first != transfer->offset || total != blob->size) {
		return err_set(err, ERR_INVALID, "%s sends another part than it was asked for",
			       host);
	}
	if (declared >= 0 && (uint64_t)declared != expected)
		return err_set(err, ERR_INVALID, "%s sends %llu bytes where %llu were announced",
			       host, (unsigned long long)declared, (unsigned long long)expected);
	return 0;
}

static void say_progress(struct blob *blob)
{
	struct fetch_packet *packet = fetch_packet();
	if (blob->done < blob->said + PROGRESS_STEP && blob->done != blob->size)
		return;
	packet->type = FETCH_PROGRESS;
	packet->what = blob->number;
	packet->len = 0;
	packet->done_bytes = blob->done;
	/* Not worth waiting for: the next will be said. */
	if (fetch_packet_try(blob->transfer.net->control_fd, packet, NULL) > 0)
		blob->said = blob->done;
}

static int accept_bytes(struct blob *blob, const char *data, size_t len, struct err *err)
{
	if (len > blob->size - blob->done)
		return err_set(err, ERR_INVALID, "%s sends more than the %llu bytes announced",
			       blob->transfer.endpoint->fields[FETCH_HOST],
			       (unsigned long long)blob->size);
	digest_add(&blob->hash, data, len);
	blob->done += len;
	ssize_t n = put(blob, data, len, err);
	if (n < 0)
		return -1;
	if ((size_t)n < len)
		buf_add(&blob->pending, data + n, len - (size_t)n);
	say_progress(blob);
	return 0;
}

static size_t take_bytes(struct transfer *transfer, const char *data, size_t len)
{
	struct blob *blob = transfer->arg;
	struct err why = { 0 };
	if (err_is_set(&transfer->broken))
		return 0;
	if (blob->pending.len > 0) {
		blob->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (!blob->transfer.is_checked && check_answer(blob, &why) < 0)
		return (size_t)give_up(blob, &why);
	blob->transfer.is_checked = true;
	size_t skipped = len < blob->skip ? len : (size_t)blob->skip;
	blob->skip -= skipped;
	if (len > skipped && accept_bytes(blob, data + skipped, len - skipped, &why) < 0) {
		blob->is_spoilt = true;
		return (size_t)give_up(blob, &why);
	}
	return len;
}

/* --- the life of a blob --- */

/* The pipe ends only when the engine has been told (say_end): else whoever reads it would speak of
 * a short layer before anybody knows why it is short. */
static void end(struct blob *blob, const struct err *why)
{
	if (why != NULL)
		blob->err = *why;
	else
		err_clear(&blob->err);
	transfer_done(&blob->transfer);
	buf_done(&blob->pending);
	blob->is_ended = true;
}

static int start(struct blobs *blobs, struct blob *blob, struct err *err)
{
	struct endpoint *endpoint = &blobs->net->endpoints[blob->endpoint];
	AUTO_FREE char *tail = mem_printf("blobs/sha256:%s", blob->digest);
	transfer_done(&blob->transfer);
	transfer_init(&blob->transfer, blobs->net, endpoint, endpoint_url(endpoint, tail));
	blob->transfer.sink = take_bytes;
	blob->transfer.arg = blob;
	blob->transfer.offset = blob->done;
	blob->done_at_attempt = blob->done;
	blob->is_paused = false;
	auth_prepare(&blob->transfer);
	return transfer_start(&blob->transfer, err);
}

/* What one endpoint could not do, the next may. @return false when there is none */
static bool try_next(struct blobs *blobs, struct blob *blob, const struct err *why)
{
	struct err err = { 0 };
	blob->err = *why;
	size_t refused = blob->endpoint;
	while (++blob->endpoints_tried < blobs->net->endpoints_len) {
		blob->endpoint = (blob->endpoint + 1) % blobs->net->endpoints_len;
		if (endpoint_is_settled(&blobs->net->endpoints[refused],
					&blobs->net->endpoints[blob->endpoint], why))
			continue;
		if (start(blobs, blob, &err) == 0)
			return true;
	}
	return false;
}

static void failed(struct blobs *blobs, struct blob *blob, const struct err *why)
{
	if (blob->is_spoilt || !try_next(blobs, blob, why))
		end(blob, blob->is_spoilt ? why : &blob->err);
}

static void finish(struct blob *blob)
{
	char found[DIGEST_HEX_SIZE];
	struct err why = { 0 };
	int rc = flush(blob, &why);
	if (rc == 0)
		return;
	digest_hex(&blob->hash, found);
	if (rc > 0 && strcmp(found, blob->digest) != 0)
		rc = err_set(&why, ERR_INVALID, "%s sends bytes of digest sha256:%s for sha256:%s",
			     blob->transfer.endpoint->fields[FETCH_HOST], found, blob->digest);
	end(blob, rc < 0 ? &why : NULL);
}

/* The answer has ended well: is it all? */
static void answered(struct blobs *blobs, struct blob *blob)
{
	struct err why = { 0 };
	long status = blob->transfer.answer.status;
	if (status != 200 && status != 206) {
		AUTO_FREE char *what = mem_printf("the layer sha256:%s", blob->digest);
		transfer_refused(&blob->transfer, what, &why);
		failed(blobs, blob, &why);
	} else if (blob->done < blob->size) {
		err_set(&why, ERR_INVALID, "%s ends after %llu of %llu bytes",
			blob->transfer.endpoint->fields[FETCH_HOST], (unsigned long long)blob->done,
			(unsigned long long)blob->size);
		failed(blobs, blob, &why);
	} else {
		blob->is_complete = true;
		finish(blob);
	}
}

/* Before another attempt: from where, and with what patience. */
static void prepare_retry(struct blob *blob)
{
	struct transfer *transfer = &blob->transfer;
	if (blob->done - blob->done_at_attempt >= GOOD_PROGRESS) {
		transfer->attempts = 0;
		transfer->auth_tries = 0;
	}
	blob->done_at_attempt = blob->done;
	transfer->offset = blob->done;
	transfer->is_checked = false;
	blob->is_paused = false;
}

static void advance(struct blobs *blobs, struct blob *blob)
{
	struct err why = { 0 };
	if (blob->is_complete) {
		finish(blob);
		return;
	}
	if (blob->transfer.is_done)
		prepare_retry(blob);
	switch (transfer_advance(&blob->transfer, &why)) {
	case TRANSFER_GOING:
		break;
	case TRANSFER_ANSWERED:
		answered(blobs, blob);
		break;
	case TRANSFER_FAILED:
		failed(blobs, blob, &why);
		break;
	}
}

static void say_end(struct blobs *blobs, struct blob *blob)
{
	struct fetch_packet *packet = fetch_packet();
	bool is_good = !err_is_set(&blob->err);
	packet->type = is_good ? FETCH_BLOB_END : FETCH_BLOB_ERROR;
	packet->what = blob->number;
	packet->len = 0;
	packet->error = blob->err;
	if (fetch_packet_try(blobs->net->control_fd, packet, NULL) == 0)
		return; /* in the next turn, then */
	fd_close(&blob->pipe_fd);
	memset(blob, 0, sizeof(*blob));
}

int blobs_advance(struct blobs *blobs)
{
	int patience = PATIENCE_MS;
	for (size_t i = 0; i < REGISTRY_BLOBS_MAX; i++) {
		struct blob *blob = &blobs->list[i];
		if (!blob->is_used)
			continue;
		if (!blob->is_ended)
			advance(blobs, blob);
		if (blob->is_ended)
			say_end(blobs, blob);
		if (blob->is_used && blob->is_ended)
			patience = patience < 20 ? patience : 20;
		else if (blob->is_used && !blob->is_complete)
			patience = transfer_patience(&blob->transfer, patience);
	}
	return patience;
}

/* --- between turns --- */

static unsigned waiters(struct net *net, struct curl_waitfd *fds)
{
	struct blobs *blobs = net->arg;
	unsigned len = 0;
	for (size_t i = 0; i < REGISTRY_BLOBS_MAX; i++) {
		struct blob *blob = &blobs->list[i];
		if (blob->is_used && !blob->is_ended && blob->pending.len > 0)
			fds[len++] = (struct curl_waitfd){ .fd = blob->pipe_fd,
							   .events = CURL_WAIT_POLLOUT };
	}
	return len;
}

static void after_turn(struct net *net)
{
	struct blobs *blobs = net->arg;
	for (size_t i = 0; i < REGISTRY_BLOBS_MAX; i++) {
		struct blob *blob = &blobs->list[i];
		struct err why = { 0 };
		if (!blob->is_used || blob->is_ended || blob->pending.len == 0)
			continue;
		int rc = flush(blob, &why);
		if (rc == 0)
			continue;
		if (rc < 0) {
			blob->is_spoilt = true;
			transfer_break(&blob->transfer, &why);
		}
		if (blob->is_paused && blob->transfer.is_running) {
			blob->is_paused = false;
			curl_easy_pause(blob->transfer.easy, CURLPAUSE_CONT);
		}
	}
}

struct blobs *blobs_new(struct net *net)
{
	struct blobs *blobs = mem_alloc(1, sizeof(*blobs));
	blobs->net = net;
	net->waiters = waiters;
	net->after_turn = after_turn;
	net->arg = blobs;
	return blobs;
}

void blobs_add(struct blobs *blobs, const struct fetch_packet *request, int fd_take)
{
	size_t i = 0;
	struct err why = { 0 };
	while (i < REGISTRY_BLOBS_MAX && blobs->list[i].is_used)
		i++;
	if (i == REGISTRY_BLOBS_MAX) { /* the engine counts, too */
		fd_close(&fd_take);
		return;
	}
	struct blob *blob = &blobs->list[i];
	*blob = (struct blob){
		.is_used = true,
		.number = request->what,
		.size = request->descriptor.size,
		.pipe_fd = fd_take,
		.endpoint = blobs->net->preferred,
	};
	memcpy(blob->digest, request->descriptor.digest, DIGEST_HEX_SIZE);
	digest_init(&blob->hash);
	if (fcntl(fd_take, F_SETFL, O_NONBLOCK) < 0)
		err_sys(&why, "prepare a pipe");
	if (err_is_set(&why) || start(blobs, blob, &why) < 0)
		end(blob, &why);
}
