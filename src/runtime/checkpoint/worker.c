/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translates between our packets and CRIU's messages: one request, any number of notes, one result.
 * It knows no option by name: the generated description of the message does. When either side goes
 * away it goes, too, and CRIU takes the end of its socket for a refusal.
 */
#include "runtime/checkpoint/worker.h"

#include "base/attr.h"
#include "base/mem.h"
#include "runtime/checkpoint/protocol.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <runtime/checkpoint/criu.pb-c.h> /* generated */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RESPONSE_MAX 65536
#define WORDS_MAX    4096

struct words {
	char *items[WORDS_MAX];
	size_t len, at;
};

static const char *next_word(struct words *words)
{
	return words->at < words->len ? words->items[words->at++] : NULL;
}

static int split(char *packet, size_t len, struct words *out, struct err *err)
{
	if (len == 0 || packet[len - 1] != '\0')
		return err_set(err, ERR_INVALID, "a request that is cut off");
	for (size_t at = 0; at < len; at += strlen(packet + at) + 1) {
		if (out->len == WORDS_MAX)
			return err_set(err, ERR_INVALID, "a request of too many words");
		out->items[out->len++] = packet + at;
	}
	return 0;
}

/* --- words become a message --- */

static void set_number(const ProtobufCFieldDescriptor *field, void *place, const char *text)
{
	long long number = strtoll(text, NULL, 10);
	if (field->type == PROTOBUF_C_TYPE_BOOL)
		*(protobuf_c_boolean *)place = number != 0;
	else
		*(int32_t *)place = (int32_t)number; /* int32, uint32: four bytes either way */
}

/* A scalar at its place; `place` is that of one value. */
static int set_scalar(const ProtobufCFieldDescriptor *field, void *place, const char *text,
		      struct err *err)
{
	if (text == NULL)
		return err_set(err, ERR_INVALID, "option %s has no value", field->name);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		*(char **)place = mem_strdup(text);
	else
		set_number(field, place, text);
	return 0;
}

/* Room for one value of a field: in the message, or one more in its list. */
static void *make_room(const ProtobufCFieldDescriptor *field, ProtobufCMessage *message,
		       size_t value_size)
{
	char *base = (char *)message;
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		if (field->label == PROTOBUF_C_LABEL_OPTIONAL && field->quantifier_offset != 0)
			*(protobuf_c_boolean *)(base + field->quantifier_offset) = true;
		return base + field->offset;
	}
	size_t *len = (size_t *)(base + field->quantifier_offset);
	char **list = (char **)(base + field->offset);
	*list = mem_realloc(*list, (*len + 1) * value_size);
	return *list + (*len)++ * value_size;
}

static int set_message(const ProtobufCFieldDescriptor *field, void *place, struct words *words,
		       struct err *err)
{
	const ProtobufCMessageDescriptor *type = field->descriptor;
	ProtobufCMessage *message = mem_alloc(1, type->sizeof_message);
	protobuf_c_message_init(type, message);
	*(ProtobufCMessage **)place = message;
	for (unsigned i = 0; i < type->n_fields; i++)
		if (set_scalar(&type->fields[i], make_room(&type->fields[i], message, 0),
			       next_word(words), err) < 0)
			return -1;
	return 0;
}

static int set_field(ProtobufCMessage *message, const char *name, struct words *words,
		     struct err *err)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(
		message->descriptor, name);
	if (field == NULL)
		return err_set(err, ERR_INVALID, "an unknown option: %s", name);
	/* All that we repeat are texts and messages: pointers. */
	void *place = make_room(field, message, sizeof(void *));
	return field->type == PROTOBUF_C_TYPE_MESSAGE
		       ? set_message(field, place, words, err)
		       : set_scalar(field, place, next_word(words), err);
}

static int send_message(const CriuRequest *request, struct err *err)
{
	size_t len = criu_request__get_packed_size(request);
	AUTO_FREE uint8_t *bytes = mem_alloc(len, 1);
	criu_request__pack(request, bytes);
	return sock_send(CRIU_RPC_FD, bytes, len, -1, err);
}

static int send_request(struct words *words, struct err *err)
{
	CriuRequest request = CRIU_REQUEST__INIT;
	CriuOptions options = CRIU_OPTIONS__INIT;
	CriuFeatures features = CRIU_FEATURES__INIT;
	const char *verb = next_word(words);
	const ProtobufCEnumValue *value = verb == NULL
						  ? NULL
						  : protobuf_c_enum_descriptor_get_value_by_name(
							    &criu_verb__descriptor, verb);
	if (value == NULL)
		return err_set(err, ERR_INVALID, "an unknown verb");
	request.type = (CriuVerb)value->value;
	ProtobufCMessage *target = &options.base;
	if (request.type == CRIU_VERB__FEATURE_CHECK) {
		request.features = &features;
		target = &features.base;
	} else if (request.type != CRIU_VERB__VERSION) {
		request.opts = &options;
	}
	for (const char *name = NULL; (name = next_word(words)) != NULL;)
		if (set_field(target, name, words, err) < 0)
			return -1;
	return send_message(&request, err);
}

/* --- messages become events --- */

static int version_number(const CriuVersion *version)
{
	return version->major_number * 10000 + version->minor_number * 100 +
	       (version->has_sublevel ? version->sublevel : 0);
}

static void describe(const CriuResponse *response, struct criu_event *out)
{
	out->is_last = response->notify == NULL;
	out->is_success = response->success;
	if (response->notify != NULL) {
		const char *script = response->notify->script;
		snprintf(out->note, sizeof(out->note), "%s", script != NULL ? script : "");
		out->pid = response->notify->has_pid ? response->notify->pid : 0;
	}
	if (response->restore != NULL)
		out->pid = response->restore->pid;
	if (response->version != NULL)
		out->version = version_number(response->version);
	if (response->features != NULL) {
		out->has_mem_track = response->features->mem_track;
		out->has_lazy_pages = response->features->lazy_pages;
	}
	out->errnum = response->has_cr_errno ? response->cr_errno : 0;
	if (response->cr_errmsg != NULL)
		snprintf(out->message, sizeof(out->message), "%s", response->cr_errmsg);
}

/* @return 1 a message is there, 0 CRIU is gone, -1 */
static int receive(struct criu_event *out, int *out_fd, struct err *err)
{
	static uint8_t bytes[RESPONSE_MAX];
	AUTO_FD fd = -1;
	ssize_t n = sock_recv(CRIU_RPC_FD, bytes, sizeof(bytes), &fd, err);
	if (n <= 0)
		return (int)n;
	CriuResponse *response = criu_response__unpack(NULL, (size_t)n, bytes);
	if (response == NULL)
		return err_set(err, ERR_REMOTE, "a message that is none");
	describe(response, out);
	criu_response__free_unpacked(response, NULL);
	*out_fd = fd_take(&fd);
	return 1;
}

/* Our side's word on a note, passed on to CRIU. */
static int answer_note(struct err *err)
{
	char word = CRIU_STOP;
	CriuRequest request = CRIU_REQUEST__INIT;
	if (sock_recv(CRIU_CONTROL_FD, &word, sizeof(word), NULL, err) < 0)
		return -1;
	request.type = CRIU_VERB__NOTIFY;
	request.has_notify_success = true;
	request.notify_success = word == CRIU_GO_ON;
	return send_message(&request, err);
}

static int serve(struct criu_event *last, struct err *err)
{
	static char packet[CRIU_REQUEST_MAX];
	static struct words words;
	ssize_t n = sock_recv(CRIU_CONTROL_FD, packet, sizeof(packet), NULL, err);
	if (n < 0 || split(packet, (size_t)n, &words, err) < 0 || send_request(&words, err) < 0)
		return -1;
	for (;;) {
		struct criu_event event = { 0 };
		AUTO_FD fd = -1;
		int got = receive(&event, &fd, err);
		if (got <= 0)
			return got < 0 ? -1 : err_set(err, ERR_REMOTE, "CRIU ended without a word");
		if (event.is_last) {
			*last = event;
			return 0;
		}
		if (sock_send(CRIU_CONTROL_FD, &event, sizeof(event), fd, err) < 0 ||
		    answer_note(err) < 0)
			return -1;
	}
}

int criu_worker_main(void)
{
	struct criu_event last = { .is_last = true };
	struct err err = { 0 };
	if (fcntl(CRIU_CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(CRIU_RPC_FD, F_SETFD, FD_CLOEXEC) < 0)
		return 1;
	if (serve(&last, &err) < 0)
		snprintf(last.message, sizeof(last.message), "%.*s", CRIU_MESSAGE_MAX - 1,
			 err.text);
	/* After a pre-dump CRIU waits for the dump itself, which is another command of ours. */
	shutdown(CRIU_RPC_FD, SHUT_WR);
	return sock_send(CRIU_CONTROL_FD, &last, sizeof(last), -1, NULL) < 0 ? 1 : 0;
}
