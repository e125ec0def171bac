/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an archive may ask of us. Every number from outside is held against one of these before it
 * sizes anything; docs/unpack.md is their list for people.
 */
#include <stdint.h>

#define UNPACK_ENTRIES_MAX     4000000u     /* entries of one tar */
#define UNPACK_PATH_MAX        4096u        /* bytes of a name or link target, NUL included */
#define UNPACK_NAME_MAX        255u         /* bytes of one component */
#define UNPACK_DEPTH_MAX       1024u        /* components of a path */
#define UNPACK_PAX_MAX         (1u << 20)   /* one extended header */
#define UNPACK_XATTR_MAX       65536u       /* one attribute value: the kernel's XATTR_SIZE_MAX */
#define UNPACK_XATTRS_MAX      256u         /* attributes of one entry */
#define UNPACK_SPARSE_MAX      65536u       /* extents of one sparse file */
#define UNPACK_DIRS_BYTES_MAX  (256u << 20) /* paths kept until directory times are set */
#define UNPACK_CONFIG_MAX      (8u << 20)   /* image config */
#define UNPACK_MANIFEST_MAX    (4u << 20)   /* manifest, index, manifest.json */
#define UNPACK_JSON_DEPTH_MAX  64u
#define UNPACK_INDEX_MAX       1024u /* manifests in an index */
#define UNPACK_LAYERS_MAX      127u
#define UNPACK_IMAGES_MAX      256u
#define UNPACK_NAMES_MAX       256u
#define UNPACK_MEMBERS_MAX     65536u       /* entries of an outer archive */
#define UNPACK_ZSTD_WINDOW_LOG 27           /* 128 MiB */
#define UNPACK_RATIO_MAX       200u         /* output : input, */
#define UNPACK_RATIO_FREE      (1ull << 30) /* ... once more than this came out */
#define UNPACK_FILE_MAX        (1ull << 43) /* 8 TiB: one file, holes included */
