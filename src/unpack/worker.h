/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* onggi-unpack: one job, then the end. */

/**
 * The worker's main: descriptors as in unpack/protocol.h, arguments as in docs/unpack.md. Says
 * everything, errors too, on the socket.
 * @return exit status: 0, or 1 after an error
 */
int worker_main(int argc, char **argv);
