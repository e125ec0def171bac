/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime checkpoint: a running container, to disk. */
#include "cli/oci/criu_options.h"

#include "base/mem.h"
#include "format/number.h"

#include <stdlib.h>
#include <string.h>

struct checkpoint_input {
	struct oci_criu_input criu; /* first */
	char *parent_path, *page_server;
	bool leave_running, pre_dump;
	struct cgroup_value status_fd;
};

static void input_done(void *pointer)
{
	struct checkpoint_input *input = pointer;
	oci_criu_input_done(&input->criu);
	free(input->parent_path);
	free(input->page_server);
}

static const struct option_row checkpoint_rows[] = {
	{ "leave-running", 0, OPTION_FLAG, NULL, NULL, NULL, "Let the container go on afterwards",
	  offsetof(struct checkpoint_input, leave_running) },
	{ "page-server", 0, OPTION_STRING, "address:port", NULL, NULL,
	  "Send memory to \"criu page-server\" there; with --lazy-pages, offer it there",
	  offsetof(struct checkpoint_input, page_server) },
	{ "parent-path", 0, OPTION_STRING, "dir", NULL, NULL,
	  "Save only what has changed since an earlier checkpoint; relative to the image path",
	  offsetof(struct checkpoint_input, parent_path), .complete = COMPLETE_DIRECTORIES },
	{ "pre-dump", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Save memory alone, and let the container go on",
	  offsetof(struct checkpoint_input, pre_dump) },
	{ "status-fd", 0, OPTION_VALUE, "fd", NULL, NULL,
	  "With --lazy-pages, write a NUL byte to this descriptor when memory may be asked for",
	  offsetof(struct checkpoint_input, status_fd) },
	{ 0 },
};

/* "127.0.0.1:27", "[::1]:27". @address  cut out of `text`, which is written to */
static int read_page_server(char *text, struct checkpoint_options *out, struct err *err)
{
	char *colon = strrchr(text, ':'), *end = NULL;
	unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
	if (colon == NULL || colon == text || *end != '\0' || port == 0 || port > UINT16_MAX)
		return err_set(err, ERR_INVALID, "--page-server %s: ADDRESS:PORT expected", text);
	*colon = '\0';
	out->page_server = text;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		out->page_server = text + 1;
	}
	out->page_server_port = (uint16_t)port;
	return 0;
}

static int checkpoint_run(const struct oci_globals *globals, void *pointer,
			  const struct strv *operands, struct err *err)
{
	struct checkpoint_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	struct checkpoint_options options;
	if (oci_criu_options(globals, &input->criu, &options, err) < 0)
		return -1;
	if (input->page_server != NULL && read_page_server(input->page_server, &options, err) < 0)
		return -1;
	options.parent_path = input->parent_path;
	options.leave_running = input->leave_running;
	options.pre_dump = input->pre_dump;
	if (input->status_fd.is_set)
		options.status_fd = (int)input->status_fd.value;
	return bundle_checkpoint(&home, operands->items[0], &options, err);
}

const struct oci_verb oci_checkpoint = {
	.name = "checkpoint",
	.operands = "CONTAINER-ID",
	.summary = "Save a running container to disk",
	.details =
		"CRIU (3.16 or later) saves its processes into the image path; they end, and the "
		"container is taken away as by delete. After a failure, with --leave-running and "
		"after a --pre-dump it goes on. Its file systems are not saved: what is restored "
		"has to find the files that it has open.\n\n"
		"Of the network namespace nothing is saved but sockets. Pipes of the caller's that "
		"the first process has as standard input or output are replaced by those of who "
		"restores it; other files and sockets outside of the container cannot be saved.\n\n"
		"It needs the rights of the machine's root. Options of CRIU that are not here may "
		"be in the file that the annotation org.criu.config names, else in "
		"/etc/criu/runc.conf; they go before those given here.",
	.options = { { oci_criu_rows, checkpoint_rows } },
	.input_size = sizeof(struct checkpoint_input),
	.done = input_done,
	.operands_len = 1,
	.run = checkpoint_run,
};
