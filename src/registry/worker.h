/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The whole of onggi-fetch. @return its exit status */
int fetch_worker_main(int argc, char **argv);
