/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which of an index's images is for a machine: operating system, architecture, variant.
 * Source: OCI image-spec image-index.md "platform"; GOARCH and GOOS names
 */

/** Normalised by platform_set(). */
struct platform {
	char os[32], architecture[32], variant[32];
};

/** Take over three texts (NULL: ""), in the names that are usual ("x86_64" is "amd64", "armhf" is
 *  "arm" of variant v7). Too long ones become "?", which fits nothing. */
void platform_set(struct platform *platform, const char *os, const char *architecture,
		  const char *variant);

/** How well `offered` runs where `wanted` is asked for: 0 not at all, the larger the better. An
 *  empty `wanted` architecture or system takes any. */
unsigned platform_fits(const struct platform *wanted, const struct platform *offered);

#define PLATFORM_TEXT_SIZE 100

/** "linux/arm/v7". */
void platform_format(const struct platform *platform, char out[PLATFORM_TEXT_SIZE]);
