/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#define ID_LEN       64 /* hex digits of a container id, as Docker's */
#define ID_SIZE      (ID_LEN + 1)
#define ID_SHORT_LEN 12

/** A fresh random id: 64 hex digits from getrandom(2). Its first 12 are never all decimal
 *  digits, so that a short id cannot be mistaken for a number. */
void id_new(char out[ID_SIZE]);

/** @return true for 1 to 64 lower-case hex digits (an id or a prefix of one) */
bool id_is_prefix(const char *text);

/** Docker's grammar for a container name: [a-zA-Z0-9][a-zA-Z0-9_.-]{1,127} */
bool id_is_name(const char *text);

#define ID_NAME_SIZE 64

/** A random friendly name, "adjective_noun". */
void id_new_name(char out[ID_NAME_SIZE]);
