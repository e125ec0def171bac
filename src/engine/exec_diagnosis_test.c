/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "engine/exec_diagnosis.h"
#include "sys/fd.h"
#include "sys/tree.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Each test builds a small root and asks why one program in it does not start. */

static char root_path[] = "/tmp/exec-diagnosis-XXXXXX";
static int root_fd = -1;
static struct err err;

static int make_root(void **state)
{
	(void)state;
	memcpy(root_path + strlen(root_path) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(root_path));
	root_fd = open(root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root_fd >= 0);
	assert_int_equal(mkdirat(root_fd, "bin", 0755), 0);
	assert_int_equal(mkdirat(root_fd, "lib", 0755), 0);
	return 0;
}

static int remove_root(void **state)
{
	(void)state;
	fd_close(&root_fd);
	AUTO_FD tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return tree_remove(tmp_fd, strrchr(root_path, '/') + 1, NULL);
}

static void put(const char *path, mode_t mode, const void *data, size_t len)
{
	AUTO_FD fd = openat(root_fd, path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static void put_text(const char *path, mode_t mode, const char *text)
{
	put(path, mode, text, strlen(text));
}

/* A program that is nothing but headers: one PT_INTERP. */
static void put_elf(const char *path, uint16_t machine, const char *loader)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr interp;
		char loader[64];
	} file = {
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = machine,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = loader != NULL,
		},
		.interp = {
			.p_type = PT_INTERP,
			.p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
			.p_filesz = sizeof(file.loader),
		},
	};
	if (loader != NULL)
		snprintf(file.loader, sizeof(file.loader), "%s", loader);
	put(path, 0755, &file, sizeof(file));
}

static uint16_t own_machine(void)
{
	Elf64_Ehdr header;
	AUTO_FD fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(pread(fd, &header, sizeof(header), 0) == sizeof(header));
	return header.e_machine;
}

static void expect(const char *path, int errnum, int code, const char *text, const char *hint)
{
	assert_int_equal(exec_diagnose(root_fd, path, NULL, errnum, &err), code);
	if (strstr(err.text, text) == NULL)
		fail_msg("\"%s\" does not contain \"%s\"", err.text, text);
	if (strstr(err.hint, hint) == NULL)
		fail_msg("hint \"%s\" does not contain \"%s\"", err.hint, hint);
}

static void missing_files(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("/bin/nowhere", root_fd, "bin/dangling"), 0);
	put_text("bin/plain", 0755, "#!/bin/none\n");
	expect("ls", ENOENT, 127, "\"ls\": executable file not found in $PATH", "/usr/bin");
	expect("/bin/ls", ENOENT, 127, "\"/bin/ls\": no such file or directory in the container",
	       "");
	expect("/opt/x/ls", ENOENT, 127, "it has no directory \"/opt\"", "");
	expect("/bin/dangling", ENOENT, 127, "symbolic link to \"/bin/nowhere\"", "");
	expect("/bin/plain/x", ENOTDIR, 127, "\"/bin/plain\" is not a directory", "");
	expect("", ENOENT, 127, "the command is empty", "");
}

static void path_of_the_environment(void **state)
{
	(void)state;
	AUTO(struct strv, strv_done) env = { 0 };
	strv_add(&env, "PATH=/opt:/lib");
	put_text("bin/tool", 0755, "x");
	put_text("lib/data", 0644, "x");
	assert_int_equal(exec_diagnose(root_fd, "tool", &env, ENOENT, &err), 127);
	assert_non_null(strstr(err.hint, "/opt:/lib"));
	/* Found, but not executable: that is another story than "not found". */
	assert_int_equal(exec_diagnose(root_fd, "data", &env, EACCES, &err), 126);
	assert_non_null(strstr(err.text, "/lib/data"));
}

static void script_without_interpreter(void **state)
{
	(void)state;
	put_text("bin/a", 0755, "#! /usr/bin/perl -w\nprint 1;\n");
	put_text("bin/b", 0755, "#!/bin/sh\r\necho hi\r\n");
	put_text("bin/c", 0755, "#!/bin/a\n");
	put_text("bin/loop", 0755, "#!/bin/loop\n");
	expect("/bin/a", ENOENT, 127,
	       "its interpreter \"/usr/bin/perl\", named by its first line: "
	       "no such file",
	       "");
	expect("/bin/b", ENOENT, 127, "carriage return", "Windows");
	expect("/bin/c", ENOENT, 127,
	       "its interpreter \"/bin/a\", named by its first line: its "
	       "interpreter \"/usr/bin/perl\"",
	       "");
	expect("/bin/loop", ELOOP, 126, "interpreters", "");
}

static void program_without_loader(void **state)
{
	(void)state;
	put_elf("bin/glibc", own_machine(), "/lib64/ld-linux-x86-64.so.2");
	put_elf("bin/musl", own_machine(), "/lib/ld-musl-x86_64.so.1");
	put_text("bin/s", 0755, "#!/bin/glibc\n");
	expect("/bin/glibc", ENOENT, 127,
	       "its loader \"/lib64/ld-linux-x86-64.so.2\": no such "
	       "file or directory in the container",
	       "onggi pack");
	expect("/bin/musl", ENOENT, 127, "its loader", "musl (Alpine)");
	expect("/bin/s", ENOENT, 127,
	       "its interpreter \"/bin/glibc\", named by its first line: "
	       "its loader",
	       "");
}

static void wrong_content(void **state)
{
	(void)state;
	put_elf("bin/foreign", EM_S390, NULL);
	put_text("bin/empty", 0755, "");
	put_text("bin/text", 0755, "echo hello\n");
	put("bin/cut", 0755, "\177ELF\002\001\001", 7);
	expect("/bin/foreign", ENOEXEC, 126, "and this machine is", "architecture");
	expect("/bin/empty", ENOEXEC, 126, "the file is empty", "");
	expect("/bin/text", ENOEXEC, 126, "neither an ELF program nor a script", "#!/bin/sh");
	expect("/bin/cut", ENOEXEC, 126, "damaged ELF file", "");
}

static void no_permission(void **state)
{
	(void)state;
	put_text("bin/plain", 0644, "#!/bin/sh\n");
	put_text("bin/script", 0755, "#!/bin/plain\n");
	put_text("bin/other", 0700, "#!/bin/none\n");
	assert_int_equal(mkfifoat(root_fd, "bin/fifo", 0755), 0);
	expect("/bin/plain", EACCES, 126, "not executable (mode 0644)", "chmod +x");
	expect("/bin/script", EACCES, 126, "its interpreter \"/bin/plain\"", "chmod +x");
	expect("/bin/other", EACCES, 126, "mode 0700", "the user inside");
	expect("/bin", EACCES, 126, "a directory: Permission denied", "");
	expect("/bin/fifo", EACCES, 126, "not a regular file", "");
	expect("/bin/script", ETXTBSY, 126, "Text file busy", "");
}

static void noexec_mount(void **state)
{
	(void)state;
	AUTO_FREE char *bin_path = mem_printf("%s/bin", root_path);
	if (mount("tmpfs", bin_path, "tmpfs", MS_NOEXEC, "size=64k") < 0) {
		print_message("cannot mount a tmpfs (%s): skipped\n", strerror(errno));
		skip();
	}
	put_text("bin/x", 0755, "#!/bin/sh\n");
	int code = exec_diagnose(root_fd, "/bin/x", NULL, EACCES, &err);
	assert_int_equal(umount2(bin_path, MNT_DETACH), 0);
	assert_int_equal(code, 126);
	assert_non_null(strstr(err.text, "noexec"));
}

static void never_leaves_the_root(void **state)
{
	(void)state;
	assert_int_equal(symlinkat("../../../../../../../../bin/sh", root_fd, "bin/out"), 0);
	expect("/bin/out", ENOENT, 127, "does not exist in the container", "");
	expect("/../../../../bin/sh", ENOENT, 127, "no such file or directory in the container",
	       "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_root, remove_root)
	const struct CMUnitTest tests[] = {
		TEST(missing_files),
		TEST(path_of_the_environment),
		TEST(script_without_interpreter),
		TEST(program_without_loader),
		TEST(wrong_content),
		TEST(no_permission),
		TEST(noexec_mount),
		TEST(never_leaves_the_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
