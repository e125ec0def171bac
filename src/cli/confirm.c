/* SPDX-License-Identifier: Apache-2.0 */
/* The question that Docker asks before it prunes, in its words: scripts answer it through a pipe.
 */
#include "cli/confirm.h"

#include "base/buf.h"
#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX 64

/* The first line, without what surrounds the word in it. Byte by byte: the rest of a pipe is not
 * ours. */
static void read_answer(char out[ANSWER_BYTES_MAX])
{
	size_t len = 0;
	for (;;) {
		char c;
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || c == '\n')
			break;
		if ((len > 0 || strchr(" \t\r", c) == NULL) && len < ANSWER_BYTES_MAX - 1)
			out[len++] = c;
	}
	while (len > 0 && strchr(" \t\r", out[len - 1]) != NULL)
		len--;
	out[len] = '\0';
}

int confirm(const char *warning, const char *command, struct err *err)
{
	char answer[ANSWER_BYTES_MAX];
	AUTO(struct buf, buf_done) question = { 0 };
	buf_addf(&question, "WARNING! %s\nAre you sure you want to continue? [y/N] ", warning);
	if (output_write(&question, err) < 0)
		return -1;
	read_answer(answer);
	if (strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0)
		return 0;
	if (!output_is_terminal(STDIN_FILENO))
		output_line(NULL, "%s", "");
	err_set(err, ERR_CONFLICT, "%s has been cancelled", command);
	return err_hint(err, "--force does not ask");
}
