/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The image that is built in: a docker-archive, put together at build time by
 * tools/embedded_image.py. */
#include <stdint.h>

extern const uint8_t embedded_image[];
extern const uint8_t embedded_image_end[];
