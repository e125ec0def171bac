/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Terminals by descriptor. Opening one is root/'s matter (the devpts of the container); nothing
 * here resolves a path.
 */
#include "kernel/proc/tty.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

int tty_take_control(int fd, struct err *err)
{
	if (ioctl(fd, TIOCSCTTY, 0) < 0)
		return err_sys(err, "make the terminal the controlling one");
	return 0;
}

int tty_become_console(int slave_fd, struct err *err)
{
	if (tty_take_control(slave_fd, err) < 0)
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (slave_fd != fd && dup2(slave_fd, fd) < 0)
			return err_sys(err, "make the terminal descriptor %d", fd);
	return 0;
}

int tty_set_size(int fd, uint16_t rows, uint16_t columns, struct err *err)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	if (ioctl(fd, TIOCSWINSZ, &size) < 0)
		return err_sys(err, "set the size of a terminal");
	return 0;
}

int tty_get_size(int fd, uint16_t *out_rows, uint16_t *out_columns, struct err *err)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return err_sys(err, "read the size of a terminal");
	*out_rows = size.ws_row;
	*out_columns = size.ws_col;
	return 0;
}

int tty_make_raw(int fd, struct termios *saved, struct err *err)
{
	struct termios old;
	if (tcgetattr(fd, &old) < 0)
		return err_sys(err, "read the settings of a terminal");
	struct termios raw = old;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return err_sys(err, "set a terminal to raw mode");
	*saved = old;
	return 0;
}

void tty_restore(int fd, const struct termios *saved)
{
	int rc;
	do {
		/* Not after a drain: a stopped terminal must not hang us at the end. */
		rc = tcsetattr(fd, TCSANOW, saved);
	} while (rc < 0 && errno == EINTR);
}
