/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompression. Knows nothing of where bytes come from or go to. ISA-L for gzip: it inflates
 * about twice as fast as zlib. A gzip stream may be several members one after the other (pigz and
 * eStargz write such), a zstd stream several frames (zstd:chunked, pzstd).
 */
#include "unpack/inflate.h"

#include "base/mem.h"
#include "unpack/bounds.h"

#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>

struct inflater {
	enum inflate_kind kind;
	bool is_between;  /* at a member or frame boundary: the input may end here */
	bool has_padding; /* zero bytes after the last gzip member */
	ZSTD_DCtx *zstd;
	struct inflate_state gzip;
};

struct magic {
	const char *bytes;
	size_t len;
	enum inflate_kind kind;
	const char *unsupported; /* its name, when we cannot */
};

static const struct magic magics[] = {
	{ "\x1f\x8b", 2, INFLATE_GZIP, NULL },
	{ "\x28\xb5\x2f\xfd", 4, INFLATE_ZSTD, NULL },
	{ "\xfd\x37zXZ", 5, INFLATE_PLAIN, "xz" },
	{ "BZh", 3, INFLATE_PLAIN, "bzip2" },
	{ "\x04\x22\x4d\x18", 4, INFLATE_PLAIN, "lz4" },
};

int inflate_detect(const uint8_t *start, size_t len, enum inflate_kind *out, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
		const struct magic *m = &magics[i];
		if (len < m->len || memcmp(start, m->bytes, m->len) != 0)
			continue;
		/* A tar may begin with a file named "BZh...": its header has the ustar magic. */
		if (m->unsupported != NULL && len >= 262 && memcmp(start + 257, "ustar", 5) == 0)
			continue;
		if (m->unsupported != NULL)
			return err_set(err, ERR_UNSUPPORTED,
				       "%s compression is not supported (gzip, zstd and plain are)",
				       m->unsupported);
		*out = m->kind;
		return 0;
	}
	/* Skippable zstd frames come first in some chunked files. */
	if (len >= 4 && (start[0] & 0xf0) == 0x50 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0)
		*out = INFLATE_ZSTD;
	else
		*out = INFLATE_PLAIN;
	return 0;
}

struct inflater *inflater_new(enum inflate_kind kind)
{
	struct inflater *inflater = mem_alloc(1, sizeof(*inflater));
	inflater->kind = kind;
	if (kind == INFLATE_ZSTD) {
		inflater->zstd = ZSTD_createDCtx();
		if (inflater->zstd == NULL)
			mem_die("out of memory");
		ZSTD_DCtx_setParameter(inflater->zstd, ZSTD_d_windowLogMax, UNPACK_ZSTD_WINDOW_LOG);
	} else if (kind == INFLATE_GZIP) {
		isal_inflate_init(&inflater->gzip);
		inflater->gzip.crc_flag = ISAL_GZIP;
	}
	return inflater;
}

void inflater_free(struct inflater *inflater)
{
	if (inflater == NULL)
		return;
	ZSTD_freeDCtx(inflater->zstd);
	free(inflater);
}

static int run_plain(struct inflate_step *step)
{
	size_t n = step->in_len < step->out_len ? step->in_len : step->out_len;
	memcpy(step->out, step->in, n);
	step->in += n;
	step->in_len -= n;
	step->out += n;
	step->out_len -= n;
	return step->is_last && step->in_len == 0;
}

/* After a member only another member or zero padding may come, as gzip(1) has it. */
static int gzip_next_member(struct inflater *inflater, struct inflate_step *step, struct err *err)
{
	while (step->in_len > 0 && *step->in == 0) {
		inflater->has_padding = true;
		step->in++;
		step->in_len--;
	}
	if (step->in_len == 0)
		return 0;
	if (inflater->has_padding || *step->in != 0x1f)
		return err_set(err, ERR_INVALID, "garbage after the end of the gzip stream");
	isal_inflate_reset(&inflater->gzip);
	inflater->gzip.crc_flag = ISAL_GZIP;
	inflater->is_between = false;
	return 0;
}

static const char *gzip_problem(int code)
{
	switch (code) {
	case ISAL_INCORRECT_CHECKSUM:
		return "checksum mismatch";
	case ISAL_INVALID_WRAPPER:
	case ISAL_UNSUPPORTED_METHOD:
		return "bad header";
	default:
		return "bad data";
	}
}

static int run_gzip(struct inflater *inflater, struct inflate_step *step, struct err *err)
{
	struct inflate_state *gzip = &inflater->gzip;
	while (step->in_len > 0 || !inflater->is_between) {
		if (inflater->is_between && gzip_next_member(inflater, step, err) < 0)
			return -1;
		if (inflater->is_between)
			break;
		size_t had_in = step->in_len, had_out = step->out_len;
		gzip->next_in = (uint8_t *)(uintptr_t)step->in;
		gzip->avail_in = (uint32_t)step->in_len;
		gzip->next_out = step->out;
		gzip->avail_out = (uint32_t)step->out_len;
		int code = isal_inflate(gzip);
		if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT)
			return err_set(err, ERR_INVALID, "the gzip stream is damaged: %s",
				       gzip_problem(code));
		step->in = gzip->next_in;
		step->in_len = gzip->avail_in;
		step->out = gzip->next_out;
		step->out_len = gzip->avail_out;
		inflater->is_between = gzip->block_state == ISAL_BLOCK_FINISH;
		if (step->out_len == 0 && !inflater->is_between)
			return 0;
		if (!inflater->is_between && had_in == step->in_len && had_out == step->out_len)
			break; /* needs more input */
	}
	if (!step->is_last)
		return 0;
	return inflater->is_between ? 1 : err_set(err, ERR_INVALID, "the gzip stream is truncated");
}

static int run_zstd(struct inflater *inflater, struct inflate_step *step, struct err *err)
{
	ZSTD_inBuffer in = { step->in, step->in_len, 0 };
	ZSTD_outBuffer out = { step->out, step->out_len, 0 };
	size_t result = 0;
	bool is_stuck = false;
	while (out.pos < out.size && !is_stuck) {
		size_t had_in = in.pos, had_out = out.pos;
		result = ZSTD_decompressStream(inflater->zstd, &out, &in);
		if (ZSTD_isError(result))
			return err_set(err, ERR_INVALID, "the zstd stream is damaged: %s",
				       ZSTD_getErrorName(result));
		if (in.pos != had_in || out.pos != had_out)
			inflater->is_between = result == 0;
		is_stuck = in.pos == in.size && (out.pos == had_out || result == 0);
	}
	step->in += in.pos;
	step->in_len -= in.pos;
	step->out += out.pos;
	step->out_len -= out.pos;
	if (!is_stuck || !step->is_last)
		return 0;
	return inflater->is_between ? 1 : err_set(err, ERR_INVALID, "the zstd stream is truncated");
}

int inflater_run(struct inflater *inflater, struct inflate_step *step, struct err *err)
{
	switch (inflater->kind) {
	case INFLATE_GZIP:
		return run_gzip(inflater, step, err);
	case INFLATE_ZSTD:
		return run_zstd(inflater, step, err);
	default:
		return run_plain(step);
	}
}
