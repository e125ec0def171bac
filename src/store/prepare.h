/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The slow half of store_open: first use, and first use after a reboot. */
#include "store/store.h"

#define STORE_BOOT_ID_SIZE 40

/** This boot's id. @return 0 or -1 with errno */
int store_boot_id(char out[STORE_BOOT_ID_SIZE]);

/** Ours, and closed to everybody else; ERR_INVALID with a hint otherwise. */
int store_check_root(int fd, const char *path, struct err *err);

/** Make both roots and their layout; clear the run root if it is from another boot. Opens root_fd
 *  and run_fd. */
int store_prepare(struct store *store, struct err *err);
