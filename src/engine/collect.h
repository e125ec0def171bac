/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A directory tree into a tar archive, with everything a layer can carry. */
#include "base/err.h"
#include "format/tar.h"

#include <stdbool.h>

/**
 * Add all that is below a directory, and the directory itself as ".". Names come sorted, directory
 * by directory: the same tree gives the same bytes. Hard links stay hard links. Sockets are left
 * out, and of the attributes all but security.capability, user.* and POSIX ACLs. A file that
 * shrinks while it is read is filled up with zeros.
 *
 * @root_fd   a directory; nothing above it is reached, no symlink followed
 * @is_layer  it is the upper directory of an overlay: its deletions and opaque marks become those
 * of a layer's archive (".wh.NAME", ".wh..wh..opq") Source: OCI image-spec layer.md "Representing
 * Changes"; overlayfs.rst "whiteouts and opaque directories"
 */
int collect_tree(struct tar_writer *tar, int root_fd, bool is_layer, struct err *err);
