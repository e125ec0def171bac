#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# onggi pack: what is in the image, why, and that it runs.

load ../lib/onggi
bats_require_minimum_version 1.5.0

setup_file() {
	store_new empty
}

bash_path() {
	type -P bash
}

# A library that the host's bash needs besides libc, as the loader names it.
bash_library() {
	LC_ALL=C ldd "$(bash_path)" | sed -n 's/^\s*\(libtinfo[^ ]*\|libncurses[^ ]*\|libreadline[^ ]*\) =>.*/\1/p' |
		head -n1
}

@test "pack: bash runs in an image of its own" {
	run onggi pack bash -t pack/bash
	assert_ok
	assert_matches "^$(realpath "$(bash_path)") +[0-9.]+MB +program, command line$"
	assert_matches 'libc\.so\.6 .* library for '
	assert_matches ' loader for '
	assert_matches '^[0-9]+ files and symlinks, [0-9.]+MB$'
	assert_matches '^sha256:[0-9a-f]{64}$'
	# shellcheck disable=SC2016 # for the bash inside
	run onggi run --rm pack/bash -c 'echo "$BASH_VERSION"'
	assert_ok
	# shellcheck disable=SC2016
	assert_output "$(bash -c 'echo "$BASH_VERSION"')"
}

@test "pack: the image has nothing but what was listed" {
	onggi pack bash -t pack/bash >"$BATS_TEST_TMPDIR/list"
	# shellcheck disable=SC2016
	run onggi run --rm pack/bash -c 'shopt -s globstar dotglob; for f in /usr/**; do [[ -d $f && ! -L $f ]] || echo "$f"; done'
	assert_ok
	local file
	while read -r file; do
		grep -q "^$file " "$BATS_TEST_TMPDIR/list" || fail "$file is not in the list"
	done <<<"$output"
}

@test "pack: the same files give the same id, and SOURCE_DATE_EPOCH another" {
	local first second third
	first=$(onggi pack bash -q -t pack/one)
	second=$(onggi pack bash -q -t pack/two)
	third=$(SOURCE_DATE_EPOCH=86400 onggi pack bash -q -t pack/three)
	assert_equal "$second" "$first"
	[[ $third != "$first" ]] || fail "the time stamp changed nothing"
	SOURCE_DATE_EPOCH=soon run onggi pack bash -q -t pack/four
	assert_status 1
	assert_has SOURCE_DATE_EPOCH
}

@test "pack: --why prints the chain, and makes no image" {
	local library
	library=$(bash_library)
	[[ -n $library ]] || skip "this bash needs libc only"
	run onggi pack bash --why "$library"
	assert_ok
	assert_output "$library <- bash ($(realpath "$(bash_path)")) <- command line"
	run onggi pack bash --why "/lib/x86_64-linux-gnu/$library"
	assert_ok
	assert_has "$library <- bash"
	run onggi pack bash --why libnone.so.1
	assert_status 1
	assert_has "libnone.so.1 is not among"
	[[ -z $(onggi images -q pack/why 2>/dev/null) ]]
}

@test "pack: a script brings its interpreter, and env's" {
	local dir=$BATS_TEST_TMPDIR
	# shellcheck disable=SC2016
	printf '#!/usr/bin/env bash\necho "hello from $0"\n' >"$dir/hello"
	chmod +x "$dir/hello"
	run onggi pack "$dir/hello" -t pack/script
	assert_ok
	assert_matches "^$dir/hello .* program, command line$"
	assert_matches "/env .* interpreter for $dir/hello"
	assert_matches "/bash .* interpreter for $dir/hello"
	run onggi run --rm pack/script
	assert_ok
	assert_output "hello from $dir/hello"
}

@test "pack: a relative path, and several programs" {
	cd "$BATS_TEST_TMPDIR"
	cp "$(type -P true)" ./mine
	run onggi pack ./mine cat -t pack/several
	assert_ok
	run onggi run --rm pack/several
	assert_ok
	run onggi run --rm --entrypoint cat pack/several /proc/self/comm
	assert_ok
	assert_output cat
}

@test "pack: nothing is run to find out" {
	local dir=$BATS_TEST_TMPDIR
	printf '#!%s\n: >"%s/was-run"\n' "$(bash_path)" "$dir" >"$dir/trap"
	chmod +x "$dir/trap"
	onggi pack "$dir/trap" -q -t pack/trap
	[[ ! -e $dir/was-run ]]
}

@test "pack: set-user-ID bits stay behind" {
	local dir=$BATS_TEST_TMPDIR
	cp "$(type -P true)" "$dir/privileged"
	chmod 6755 "$dir/privileged"
	onggi pack "$dir/privileged" -q -t pack/privileged
	run find "$STORE" -perm /6000
	assert_output ""
}

@test "pack: both names of merged directories work" {
	[[ -L /bin ]] || skip "/bin is a directory of its own here"
	onggi pack bash -q -t pack/bash
	# shellcheck disable=SC2016
	run onggi run --rm --entrypoint /bin/bash pack/bash -c 'echo "$BASH"; [[ -L /bin ]]'
	assert_ok
	assert_output /bin/bash
}

@test "pack: --add, --entrypoint" {
	local dir=$BATS_TEST_TMPDIR
	mkdir -p "$dir/data/deep"
	echo one >"$dir/data/deep/one"
	ln -s deep/one "$dir/data/link"
	run onggi pack cat --add "$dir/data:/opt/data" --add "$dir/data/deep/one" \
		--entrypoint cat --entrypoint /opt/data/link -t pack/data
	assert_ok
	assert_matches '^/opt/data/deep/one .* added, command line$'
	run onggi run --rm pack/data
	assert_ok
	assert_output one
	run onggi run --rm --entrypoint cat pack/data "$dir/data/deep/one"
	assert_output one
	run onggi pack cat --add "$dir/none" -t pack/none
	assert_status 1
	assert_has "$dir/none: No such file or directory"
	mkfifo "$dir/data/fifo"
	run onggi pack cat --add "$dir/data:/opt/data" -t pack/none
	assert_status 1
	assert_has "a device, FIFO or socket"
}

@test "pack: --trace finds what is loaded at run time" {
	need_command perl
	# POSIX is a module with a shared object that no header names.
	# shellcheck disable=SC2016
	local program='use POSIX; print POSIX::floor(2.5), "\n"'
	onggi pack perl -q -t pack/perl
	run onggi run --rm pack/perl -e "$program"
	[[ $status -ne 0 ]] || fail "POSIX is there without --trace: the test proves nothing"
	run onggi pack perl -t pack/perl --trace perl -e "$program"
	assert_ok
	assert_line 2
	assert_matches 'POSIX.so .* opened by .*perl'
	run onggi run --rm pack/perl -e "$program"
	assert_ok
	assert_output 2
}

@test "pack: --trace finds what is only looked at" {
	[[ -x /usr/bin/python3 ]] || skip "needs /usr/bin/python3"
	# Python runs the compiled copy of a module only where it sees the source.
	local program='import json; print(json.dumps([1]))'
	run onggi pack /usr/bin/python3 -t pack/python --trace /usr/bin/python3 -c "$program"
	assert_ok
	assert_matches 'json/__init__.py .* examined by .*python'
	run onggi run --rm pack/python -c "$program"
	assert_ok
	assert_output '[1]'
}

@test "pack: --trace leaves the standard output to the answer" {
	run --separate-stderr onggi pack bash -q -t pack/traced --trace bash -c 'echo noise'
	assert_ok
	assert_matches '^sha256:[0-9a-f]{64}$'
	assert_has_not noise
}

@test "pack: --trace follows children, and tells of a failure" {
	run onggi pack bash -t pack/traced --trace bash -c 'cat /etc/hostname; exit 3'
	assert_ok
	assert_has 'the traced command ended with status 3'
	assert_matches '/cat .* executed by .*bash'
	run onggi pack bash -t pack/none --trace /nonexistent
	assert_status 1
	assert_has '/nonexistent'
}

@test "pack: a library only the loader cache knows" {
	need_command gcc ldconfig unshare
	local dir=$BATS_TEST_TMPDIR
	echo 'int answer(void) { return 42; }' >"$dir/lib.c"
	echo 'int answer(void); int main(void) { return answer(); }' >"$dir/main.c"
	# In a mount namespace: the host's directories stay as they are.
	# shellcheck disable=SC2016
	run unshare --mount bash -ec '
		cd "$1"
		mount -t tmpfs none /usr/local/lib
		gcc -shared -fPIC -Wl,-soname,libonggi-answer.so.1 -o /usr/local/lib/libonggi-answer.so.1 lib.c
		gcc -o answer main.c /usr/local/lib/libonggi-answer.so.1
		ldconfig -X -C "$1/cache"
		mount --bind "$1/cache" /etc/ld.so.cache
		shift
		exec "$@"' - "$dir" "$ONGGI" --root "$STORE" --run-root "$RUN_STORE" pack "$dir/answer" -t pack/answer
	assert_ok
	assert_matches '^/etc/ld.so.cache .* generated for /usr/local/lib/libonggi-answer.so.1$'
	run onggi run --rm pack/answer
	assert_status 42
}

@test "pack: a missing library is named, with who needs it" {
	need_command gcc
	local dir=$BATS_TEST_TMPDIR
	echo 'int gone(void) { return 0; }' >"$dir/gone.c"
	echo 'int gone(void); int main(void) { return gone(); }' >"$dir/main.c"
	gcc -shared -fPIC -Wl,-soname,libgone.so.1 -o "$dir/libgone.so.1" "$dir/gone.c"
	gcc -o "$dir/needy" "$dir/main.c" "$dir/libgone.so.1"
	run onggi pack "$dir/needy" -t pack/needy
	assert_status 1
	assert_has "$dir/needy needs the library libgone.so.1, which is nowhere"
	assert_has "LD_LIBRARY_PATH does not count"
	LD_LIBRARY_PATH=$dir run onggi pack "$dir/needy" -t pack/needy
	assert_status 1
	gcc -Wl,-rpath,"\$ORIGIN" -o "$dir/needy" "$dir/main.c" "$dir/libgone.so.1"
	run onggi pack "$dir/needy" -t pack/needy
	assert_ok
	run onggi run --rm pack/needy
	assert_ok
}

@test "pack: damaged, foreign and unknown files are refused" {
	local dir=$BATS_TEST_TMPDIR
	head -c 100 "$(bash_path)" >"$dir/cut"
	# An ELF header for s390x: 64 bit, big endian, machine 22.
	{
		printf '\177ELF\2\2\1'
		head -c 9 /dev/zero
		printf '\0\2\0\26\0\0\0\1'
		head -c 40 /dev/zero
	} >"$dir/foreign"
	echo hello >"$dir/text"
	chmod +x "$dir"/{cut,foreign,text}
	run onggi pack "$dir/cut" -t pack/none
	assert_status 1
	assert_has "damaged ELF file"
	run onggi pack "$dir/foreign" -t pack/none
	assert_status 1
	assert_has "is a program for s390x"
	run onggi pack "$dir/text" -t pack/none
	assert_status 1
	assert_has "neither an ELF program nor a script"
	run onggi pack no-such-program -t pack/none
	assert_status 1
	assert_has 'no program "no-such-program" in PATH'
}

@test "pack: a file that cannot be read to its end makes no image" {
	[[ -r /sys/kernel/uevent_seqnum ]] || skip "needs sysfs"
	sentinel_take
	run onggi pack cat --add /sys/kernel/uevent_seqnum:/lying -t pack/lying
	assert_status 1
	assert_has "became shorter while it was read"
	run onggi images -q pack/lying
	assert_output ""
	sentinel_check
	assert_equal "$(ls -A "$STORE/staging")" "" staging
}

@test "pack: usage" {
	run onggi pack bash
	assert_status 1
	assert_has "the image needs a name"
	run onggi pack -t pack/none
	assert_status 1
	run onggi pack bash -t pack/none --no-such-option
	assert_status 125
	run onggi pack --help
	assert_ok
	assert_has --trace
}
