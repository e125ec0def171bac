/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/archive.h"

#include "cli/output.h"
#include "sys/draft.h"

#include <unistd.h>

int archive_check(const char *path, struct err *err)
{
	if (path != NULL || !output_is_terminal(STDOUT_FILENO))
		return 0;
	err_set(err, ERR_INVALID, "an archive is nothing for a terminal");
	return err_hint(err, "name a file with -o, or redirect the output");
}

int archive_output(const char *path, archive_write *write, void *arg, struct err *err)
{
	AUTO(struct draft, draft_done) draft = DRAFT_INIT;
	if (path == NULL)
		return write(arg, STDOUT_FILENO, err);
	if (draft_open(path, 0600, &draft, err) < 0 || write(arg, draft.fd, err) < 0)
		return -1;
	return draft_commit(&draft, err);
}
