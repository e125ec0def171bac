/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compiler attributes under short names, and the cleanup grammar every floor uses:
 *
 *	AUTO_FREE char *name = NULL;            freed at the end of the scope
 *	AUTO(struct buf, buf_done) text = { 0 }; buf_done(&text) at the end of the scope
 *	return ptr_take(&name);                 hand over: the scope no longer owns it
 */
#include <stdlib.h>

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define MUST_USE                __attribute__((warn_unused_result))
#define NORETURN                __attribute__((noreturn))
#define UNUSED                  __attribute__((unused))

/* Code on a stack that AddressSanitizer does not know: the child of a vfork-style clone. */
#define NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define AUTO(type, done) __attribute__((cleanup(done))) type

/** What AUTO_FREE calls. */
static inline void free_indirect(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
#define AUTO_FREE __attribute__((cleanup(free_indirect)))

/* Hand over an owned pointer: returns it and leaves NULL behind. */
#define ptr_take(pp)                                                                               \
	({                                                                                         \
		__typeof__(pp) pp_ = (pp);                                                         \
		__typeof__(*pp_) p_ = *pp_;                                                        \
		*pp_ = NULL;                                                                       \
		p_;                                                                                \
	})
