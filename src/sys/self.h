/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The file that our own program runs from. */
#include "base/err.h"

/** In the environment of our program when it executes itself again, from a mount without a name. It
 *  is no proof, and need not be: what runs from there can be written to by nobody. */
#define SELF_AGAIN_ENV "ONGGI_AGAIN"

/**
 * Check that our program is a file of the tree that we see.
 *
 * An image whose entrypoint is a script for /proc/self/exe makes the kernel run the engine's own
 * program as the container's, with arguments of the image's choice. Other processes of that
 * container could then open it through /proc/PID/exe and, later, write into the host's file. So
 * the first thing a program of ours does is to look whether it is where /proc says it is.
 *
 * @return 0; -1 with ERR_INVALID when it is not, ERR_SYSTEM without /proc
 */
int self_check(struct err *err);
