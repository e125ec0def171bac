/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The worker's side: linked into onggi-criu and nothing else, with libprotobuf-c. */

/** Read one request from CRIU_CONTROL_FD, have CRIU do it, pass on what it says.
 *  @return exit status */
int criu_worker_main(void);
