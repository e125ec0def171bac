/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker that speaks to registries: started by the engine, sandboxed before its first byte.
 */
#include "registry/sandbox.h"
#include "registry/worker.h"

#if FETCH_IS_SANITIZED
/* The leak check reads /proc and traces itself: inside the sandbox there is neither. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
	return fetch_worker_main(argc, argv);
}
