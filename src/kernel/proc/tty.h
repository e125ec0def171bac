/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Terminals. Source: ioctl_tty(2), termios(3) */
#include "base/err.h"

#include <stdint.h>
#include <termios.h>

/** Make it the controlling terminal of the calling session leader. Source: ioctl_tty(2) */
int tty_take_control(int fd, struct err *err);

/** Make the slave the controlling terminal and fds 0, 1, 2 of the calling session leader. */
int tty_become_console(int slave_fd, struct err *err);

/** Window size in characters, by either end. Source: ioctl_tty(2) TIOCSWINSZ */
int tty_set_size(int fd, uint16_t rows, uint16_t columns, struct err *err);

/** The same, read. Source: ioctl_tty(2) TIOCGWINSZ */
int tty_get_size(int fd, uint16_t *out_rows, uint16_t *out_columns, struct err *err);

/** Raw mode for the user's terminal; the old settings go to *saved. tty_restore puts them back. */
int tty_make_raw(int fd, struct termios *saved, struct err *err);
void tty_restore(int fd, const struct termios *saved);
