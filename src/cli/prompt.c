/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that would end us are held back while the terminal is changed: nobody gets back a shell
 * that does not show what is typed.
 */
#include "cli/prompt.h"

#include "cli/output.h"
#include "sys/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static int read_line(struct buf *out, struct err *err)
{
	buf_reserve(out, PROMPT_LINE_MAX);
	for (;;) {
		char c;
		if (interrupt_wait(STDIN_FILENO, -1, err) < 0)
			return -1;
		ssize_t n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read from the terminal");
		if (n == 0)
			return err_set(err, ERR_INVALID, "the input ended before an answer");
		if (c == '\n')
			return 0;
		if (out->len == PROMPT_LINE_MAX)
			return err_set(err, ERR_INVALID, "longer than %d characters",
				       PROMPT_LINE_MAX);
		buf_add_char(out, c);
	}
}

static int ask(const char *question, bool is_secret, struct buf *out, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	buf_add_str(&text, question);
	if (output_write(&text, err) < 0 || read_line(out, err) < 0)
		return -1;
	return is_secret ? output_line(err, "%s", "") : 0;
}

int prompt_line(const char *question, bool is_secret, struct buf *out, struct err *err)
{
	struct termios before, silent;
	sigset_t ends, old;
	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return err_sys(err, "the standard input is no terminal");
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGTSTP);
	sigprocmask(SIG_BLOCK, &ends, &old);
	silent = before;
	if (is_secret)
		silent.c_lflag &= ~(tcflag_t)ECHO;
	int result = tcsetattr(STDIN_FILENO, TCSANOW, &silent) < 0
			     ? err_sys(err, "turn off the terminal's echo")
			     : ask(question, is_secret, out, err);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return result;
}
