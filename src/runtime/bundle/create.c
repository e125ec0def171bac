/* SPDX-License-Identifier: Apache-2.0 */
/* create: a container whose first process waits at its gate when we leave. */
#include "runtime/bundle/verbs.h"

#include "runtime/attend.h"
#include "runtime/bundle/launch.h"

int bundle_create(const struct bundle_home *home, const struct bundle_create_options *options,
		  struct err *err)
{
	struct launch self = {
		.home = home, .options = options, .program_fd = -1, .waits = true, .is_alone = true
	};
	sigset_t saved;
	attend_block_signals(&saved);
	int result = launch(&self, err);
	/* Our container is there, so this delays nobody but us. */
	if (result == 0) {
		record_unmark(&self.record, RECORD_MAKING);
		record_sweep(&self.record, &self.cgroups);
	}
	launch_done(&self);
	attend_restore_signals(&saved);
	return result;
}
