/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime: the OCI runtime. Everything is in the cli floor; here is what a process needs. */
#include "cli/oci/oci.h"
#include "cli/output.h"
#include "sys/fd.h"
#include "sys/self.h"

int main(int argc, char **argv)
{
	if (fd_open_standard() < 0 || argc < 1)
		return OCI_FAILED;
	struct err err = { 0 };
	if (self_check(&err) < 0) {
		output_error(&err);
		return OCI_FAILED;
	}
	return oci_main(argv);
}
