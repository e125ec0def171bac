/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oci/criu_options.h"

#include <stdlib.h>
#include <string.h>

void oci_criu_input_done(struct oci_criu_input *input)
{
	free(input->image_path);
	free(input->work_path);
	free(input->cgroups);
	strv_done(&input->empty_ns);
}

const struct option_row oci_criu_rows[] = {
	{ "auto-dedup", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Remove memory from parent images that newer ones have",
	  offsetof(struct oci_criu_input, auto_dedup) },
	{ "empty-ns", 0, OPTION_LIST, "namespace", NULL, NULL,
	  "Do not save what a namespace consists of: network, which is never saved",
	  offsetof(struct oci_criu_input, empty_ns), .complete = COMPLETE_WORDS,
	  .words = "network" },
	{ "ext-unix-sk", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Allow Unix sockets whose other end is outside of the container",
	  offsetof(struct oci_criu_input, ext_unix_sk) },
	{ "file-locks", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Allow file locks, which others may take meanwhile",
	  offsetof(struct oci_criu_input, file_locks) },
	{ "image-path", 0, OPTION_STRING, "dir", NULL, NULL,
	  "Directory of the images (" CHECKPOINT_IMAGE_PATH " in the current one)",
	  offsetof(struct oci_criu_input, image_path), .complete = COMPLETE_DIRECTORIES },
	{ "lazy-pages", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Pass memory on when it is asked for, by userfaultfd",
	  offsetof(struct oci_criu_input, lazy_pages) },
	{ "manage-cgroups-mode", 0, OPTION_STRING, "mode", NULL, NULL,
	  "What to do about control groups of the container's own: soft restores those that are "
	  "missing, full also the limits of others, strict refuses if there are any, ignore none",
	  offsetof(struct oci_criu_input, cgroups), .complete = COMPLETE_WORDS,
	  .words = "full ignore soft strict" },
	{ "shell-job", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Allow a session and a terminal of the caller's",
	  offsetof(struct oci_criu_input, shell_job) },
	{ "tcp-established", 0, OPTION_FLAG, NULL, NULL, NULL,
	  "Allow TCP connections that are open", offsetof(struct oci_criu_input, tcp_established) },
	{ "work-path", 0, OPTION_STRING, "dir", NULL, NULL,
	  "Directory of CRIU's log (that of the images)",
	  offsetof(struct oci_criu_input, work_path), .complete = COMPLETE_DIRECTORIES },
	{ 0 },
};

static int read_cgroups(const char *word, enum checkpoint_cgroups *out, struct err *err)
{
	static const struct {
		const char *word;
		enum checkpoint_cgroups mode;
	} modes[] = {
		{ "", CHECKPOINT_CGROUPS_DEFAULT },      { "soft", CHECKPOINT_CGROUPS_SOFT },
		{ "full", CHECKPOINT_CGROUPS_FULL },     { "strict", CHECKPOINT_CGROUPS_STRICT },
		{ "ignore", CHECKPOINT_CGROUPS_IGNORE },
	};
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (strcmp(word != NULL ? word : "", modes[i].word) != 0)
			continue;
		*out = modes[i].mode;
		return 0;
	}
	return err_set(err, ERR_INVALID,
		       "--manage-cgroups-mode %s: soft, full, strict or ignore expected", word);
}

int oci_criu_options(const struct oci_globals *globals, const struct oci_criu_input *input,
		     struct checkpoint_options *out, struct err *err)
{
	enum checkpoint_cgroups cgroups = CHECKPOINT_CGROUPS_DEFAULT;
	if (read_cgroups(input->cgroups, &cgroups, err) < 0)
		return -1;
	for (size_t i = 0; i < input->empty_ns.len; i++)
		if (strcmp(input->empty_ns.items[i], "network") != 0)
			return err_set(err, ERR_INVALID, "namespace \"%s\" is not supported",
				       input->empty_ns.items[i]);
	const char *image_path = input->image_path;
	*out = (struct checkpoint_options){
		.criu = globals->criu,
		.image_path = image_path != NULL && image_path[0] != '\0' ? image_path
									  : CHECKPOINT_IMAGE_PATH,
		.work_path = input->work_path,
		.cgroups = cgroups,
		.tcp_established = input->tcp_established,
		.ext_unix_sk = input->ext_unix_sk,
		.shell_job = input->shell_job,
		.file_locks = input->file_locks,
		.auto_dedup = input->auto_dedup,
		.lazy_pages = input->lazy_pages,
		.status_fd = -1,
	};
	return 0;
}
