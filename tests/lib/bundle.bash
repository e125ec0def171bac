# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Bundles for the tests of onggi-runtime. After ../lib/onggi:
#
#	load ../lib/bundle
#
#	@test "..." {
#		box 'sh("echo hello")'
#		assert_output hello
#	}

setup_file() {
	[[ $EUID -eq 0 ]] || { echo "verb tests need root: ./dev test" >&2; return 1; }
	STORE_TOP=$(mktemp -d "${TMPDIR:-/tmp}/onggi-test.XXXXXX")
	export STORE_TOP STORE=$STORE_TOP/state RUN_STORE=$STORE_TOP/state
	bundle_new "$STORE_TOP/bundle"
}

teardown_file() {
	rm -rf --one-file-system "${STORE_TOP:?}"
}

setup() {
	BUNDLE=$STORE_TOP/bundle
	ID=onggi-test-$BATS_TEST_NUMBER-$$
}

# runtime ARG...: with a state directory of our own
runtime() {
	timeout -k 5 "$(scaled 60)" "$ONGGI_RUNTIME" --root "$STORE_TOP/state" "$@"
}

# config [PYTHON]: a fresh config.json without a terminal
config() {
	rm -f "$BUNDLE/config.json"
	"$ONGGI_RUNTIME" spec --bundle "$BUNDLE"
	config_edit "$BUNDLE/config.json" "${1:-}"
}

# config_edit FILE PYTHON: the document is `c`
config_edit() {
	python3 - "$1" "$2" <<-'END'
		import json, sys
		with open(sys.argv[1]) as text:
		    c = json.load(text)
		c["process"]["terminal"] = False
		c["process"].pop("rlimits")
		def sh(script):
		    c["process"]["args"] = ["sh", "-c", script]
		def mount(destination, source=None, kind=None, *options):
		    c["mounts"].append({k: v for k, v in {"destination": destination, "source": source,
		        "type": kind, "options": list(options)}.items() if v})
		exec(sys.argv[2])
		with open(sys.argv[1], "w") as text:
		    json.dump(c, text)
	END
}

# box PYTHON: configure and run
box() {
	config "$1"
	run runtime run --bundle "$BUNDLE" "$ID"
}
