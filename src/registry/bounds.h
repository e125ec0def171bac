/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a registry may ask of us. Every number from outside is held against one of these before it
 * sizes anything; docs/registries.md is their list for people.
 */
#define FETCH_MANIFEST_MAX      (4u << 20) /* manifest or index */
#define FETCH_CONFIG_MAX        (8u << 20)
#define FETCH_INDEX_ENTRIES_MAX 1024u
#define FETCH_INDEX_DEPTH_MAX   4u
#define FETCH_LAYERS_MAX        127u
#define FETCH_BLOB_MAX          (1ull << 40) /* 1 TiB: one layer */
#define FETCH_URL_MAX           8192u
#define FETCH_HEADERS_MAX       65536u /* bytes of all header lines of one answer */
#define FETCH_HEADER_LINES_MAX  256u
#define FETCH_REDIRECTS_MAX     5u
#define FETCH_TOKEN_MAX         32768u
#define FETCH_TOKEN_ANSWER_MAX  (256u << 10)
#define FETCH_ERROR_ANSWER_MAX  (64u << 10)
#define FETCH_TAGS_ANSWER_MAX   (8u << 20) /* one page */
#define FETCH_TAG_PAGES_MAX     200u
#define FETCH_CHALLENGES_MAX    8u
#define FETCH_ATTEMPTS_MAX      5u
#define FETCH_BACKOFF_MS        500u /* doubled from one attempt to the next */
#define FETCH_RETRY_AFTER_S_MAX 60u
#define FETCH_STALL_S           60u
#define FETCH_CONNECT_S         15u
#define FETCH_DOCUMENT_S        180u /* one small document, from its first to its last byte */
