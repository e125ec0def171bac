/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in image, taken as it is by the assembler. It is in the worker and not in the binary
 * that starts containers: that one stays small.
 */
#include "unpack/embedded.h"

#include "embedded_image.h" /* made by tools/embedded_image.py: EMBEDDED_IMAGE_PATH */

__asm__(".pushsection .rodata\n"
	".balign 16\n"
	".globl embedded_image\n"
	"embedded_image:\n"
	".incbin \"" EMBEDDED_IMAGE_PATH "\"\n"
	".globl embedded_image_end\n"
	"embedded_image_end:\n"
	".byte 0\n"
	".popsection\n");
