/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker that reads archives: started by the engine, sandboxed before its first byte.
 */
#include "unpack/worker.h"

int main(int argc, char **argv)
{
	return worker_main(argc, argv);
}
