/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One Dockerfile instruction on one line, as `import --change` takes it. */
#include "base/err.h"
#include "base/strv.h"

enum instruction_kind {
	INSTRUCTION_CMD,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_LABEL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
};

struct instruction {
	enum instruction_kind kind;
	struct strv args; /* argv; KEY=value pairs; ports; paths; or the one value */
};
void instruction_done(struct instruction *instruction);

#define INSTRUCTION_MAX (64u << 10)

/**
 * Parse "CMD [\"a\", \"b\"]", "CMD a b" (a shell's command line: /bin/sh -c), "ENV A=1 B='2 3'",
 * "ENV A 1", "LABEL k=v", "EXPOSE 80/tcp", "USER 1000", "VOLUME /data", "WORKDIR /".
 * Variables are not expanded.
 * @return 0, or -1 ERR_INVALID (grammar), ERR_UNSUPPORTED (an instruction that is not a change)
 */
int instruction_parse(const char *text, struct instruction *out, struct err *err);
