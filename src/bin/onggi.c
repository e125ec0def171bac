/* SPDX-License-Identifier: Apache-2.0 */
/* onggi: the command line. Everything is in the cli floor; here is only what a process needs. */
#include "cli/output.h"
#include "cli/verb.h"
#include "sys/fd.h"
#include "sys/self.h"

int main(int argc, char **argv)
{
	if (fd_open_standard() < 0 || argc < 1)
		return EXIT_USAGE;
	struct err err = { 0 };
	if (self_check(&err) < 0) {
		output_error(&err);
		return EXIT_USAGE;
	}
	return cli_main(argv);
}
