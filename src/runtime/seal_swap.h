/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Our own program exchanged for the same one on another mount, while it runs. */
#include <stdbool.h>

/**
 * Map every segment of our program anew from `file_fd`, the same file opened through another mount,
 * and have the kernel take that one for /proc/self/exe. It refuses (EBUSY) while anything of us
 * still maps the old one, so success means that nothing is left of it.
 *
 * Only for a static program at fixed addresses and with one thread, who may do it: see the .c file.
 *
 * @return false: /proc/self/exe is what it was, and we run on all the same
 * Source: prctl(2) PR_SET_MM_EXE_FILE, PR_SET_MM_MAP; elf(5)
 */
bool seal_swap(int file_fd);

/** Would it succeed, as far as can be said before? For a child by fork, too. */
bool seal_can_swap(void);
