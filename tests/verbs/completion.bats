#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

setup_file() {
	store_new empty
}

@test "completion: bash completes verbs, options and words" {
	onggi completion bash >"$BATS_TEST_TMPDIR/onggi.bash"
	bash -n "$BATS_TEST_TMPDIR/onggi.bash"
	# complete LINE...: what is offered for the last word
	complete_words() {
		bash -c 'compopt() { :; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _onggi
			printf "%s\n" "${COMPREPLY[@]}"' _ "$BATS_TEST_TMPDIR/onggi.bash" "$@"
	}
	run complete_words onggi ru
	assert_output run
	run complete_words onggi run --memory-s
	assert_output $'--memory-swap\n--memory-swappiness'
	run complete_words onggi --root /x run --profile d
	assert_output $'default\ndocker'
	run complete_words onggi completion z
	assert_output zsh
	run complete_words onggi ima
	assert_output $'images\nimage'
	run complete_words onggi image hi
	assert_output history
	run complete_words onggi --root /x image ls --dig
	assert_output --digests
}

@test "completion: zsh and fish accept theirs" {
	onggi completion zsh >"$BATS_TEST_TMPDIR/_onggi"
	onggi completion fish >"$BATS_TEST_TMPDIR/onggi.fish"
	run head -n1 "$BATS_TEST_TMPDIR/_onggi"
	assert_output "#compdef onggi"
	command -v zsh >/dev/null && zsh -n "$BATS_TEST_TMPDIR/_onggi"
	command -v fish >/dev/null && fish -n "$BATS_TEST_TMPDIR/onggi.fish"
	grep -q -- "-l memory -s m" "$BATS_TEST_TMPDIR/onggi.fish"
	grep -q "from image; and __fish_seen_subcommand_from ls' -l digests" "$BATS_TEST_TMPDIR/onggi.fish"
	grep -q "^_onggi_image_ls() {" "$BATS_TEST_TMPDIR/_onggi"
}

@test "completion: of onggi-runtime, for all three shells" {
	local script=$BATS_TEST_TMPDIR/runtime
	"$ONGGI_RUNTIME" completion bash >"$script.bash"
	bash -n "$script.bash"
	complete_runtime() {
		bash -c 'compopt() { :; }; onggi-runtime() { echo "one two"; }; source "$1"; shift
			COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _onggi_runtime
			printf "%s\n" "${COMPREPLY[@]}"' _ "$script.bash" "$@"
	}
	run complete_runtime onggi-runtime --root /x del
	assert_output delete
	run complete_runtime onggi-runtime create --console
	assert_output --console-socket
	run complete_runtime onggi-runtime delete t
	assert_output two
	run complete_runtime onggi-runtime create t
	assert_output ""
	"$ONGGI_RUNTIME" completion zsh >"$script.zsh"
	run head -n1 "$script.zsh"
	assert_output "#compdef onggi-runtime"
	"$ONGGI_RUNTIME" completion fish >"$script.fish"
	grep -q -- "-l pid-file -r -F" "$script.fish"
	run "$ONGGI_RUNTIME" completion tcsh
	assert_status 1
	assert_has "unknown shell"
}

@test "completion: another shell" {
	run onggi completion tcsh
	assert_status 1
	assert_has "unknown shell tcsh"
}
