#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

# Two layers, one image, saved; each test gets a copy of the store.
setup_file() {
	store_new empty
	mkdir -p "$STORE_TOP/tree/bin"
	cp "$(command -v busybox)" "$STORE_TOP/tree/bin/sh"
	tar -C "$STORE_TOP/tree" -cf - . | onggi import - base >/dev/null
	onggi run --name maker base sh -c 'echo more >/more' </dev/null
	onggi commit maker grown:1 >/dev/null
	onggi rm maker
	onggi rmi base >/dev/null
	onggi save -o "$STORE_TOP/grown.tar" grown:1
	cp -a "$STORE" "$STORE_TOP/whole"
	export PRISTINE=$STORE_TOP/whole
}

setup() {
	rm -rf "$STORE"
	cp -a "$PRISTINE" "$STORE"
	ID=$(ls "$STORE/images")
	TOP_LAYER=$(basename "$(dirname "$(dirname "$(find "$STORE/layers" -name more)")")")
}

# repaired_by_load: after a load all is well, and what was sound was not unpacked again
repaired_by_load() {
	onggi load -qi "$STORE_TOP/grown.tar"
	run onggi system check --deep
	assert_ok
	run onggi run --rm grown:1 sh -c 'read word </more; echo $word'
	assert_output more
}

@test "system check: a whole store" {
	run onggi system check --deep
	assert_ok
	assert_line "Checked: 1 images, 1 names, 2 layers with all their files, 0 containers"
	assert_line "Found: 0 damaged, 0 missing, 0 left over"
	run onggi system check -q
	assert_ok
	assert_output ""
}

@test "system check: a layer's record, recipe or directory" {
	local part
	for part in record recipe fs; do
		setup
		rm -rf "$STORE/layers/$TOP_LAYER/$part"
		run onggi system check
		assert_status 1
		assert_matches "^damaged: layer $TOP_LAYER of image [0-9a-f]{12} \(docker.io/library/grown:1\): "
	done
	run onggi system check --repair
	assert_ok
	assert_has "repaired: moved away; load or pull its image again"
	run onggi system check
	assert_status 1
	assert_matches "^missing: layer $TOP_LAYER of image .* it is not there\$"
	local others before after
	others=$(ls "$STORE/layers")
	before=$(stat -c %i "$STORE/layers/$others")
	onggi load -qi "$STORE_TOP/grown.tar"
	after=$(stat -c %i "$STORE/layers/$others")
	[[ $before == "$after" ]]
	rm -r "${STORE:?}/quarantine"/*
	repaired_by_load
}

@test "system check: a changed file is found by a deep one" {
	echo nore >"$STORE/layers/$TOP_LAYER/fs/more"
	run onggi system check
	assert_ok
	run onggi system check --deep
	assert_status 1
	assert_matches "^damaged: layer $TOP_LAYER .*its files have changed"
	run onggi system check --deep --repair
	assert_ok
	repaired_by_load
}

@test "system check: the record and the config of an image" {
	printf x | dd of="$STORE/images/$ID" bs=1 seek=20 conv=notrunc status=none
	run onggi system check
	assert_status 1
	assert_matches '^damaged: image [0-9a-f]{12} .*checksum'
	run onggi system check
	assert_status 1
	run onggi system check --repair
	assert_ok
	assert_has "repaired: made again from its config"
	run onggi system check
	assert_ok

	printf x | dd of="$STORE/blobs/sha256/$ID" bs=1 seek=20 conv=notrunc status=none
	run onggi system check
	assert_status 1
	assert_matches '^damaged: config [0-9a-f]{12} of image '
	onggi system check --repair
	repaired_by_load

	printf x | dd of="$STORE/blobs/sha256/$ID" bs=1 seek=20 conv=notrunc status=none
	printf x | dd of="$STORE/images/$ID" bs=1 seek=20 conv=notrunc status=none
	run onggi system check --repair
	assert_has "repaired: moved away with its names; load or pull it again"
	run onggi images -q
	assert_output ""
	rm -r "${STORE:?}/quarantine"/*
	repaired_by_load
}

@test "system check: names that lead nowhere, layers in the wrong order" {
	ln -s "$(printf %064d 7) docker.io/library/ghost:1" "$STORE/refs/docker.io%2Flibrary%2Fghost:1"
	ln -s rubbish "$STORE/refs/docker.io%2Flibrary%2Frubbish:1"
	run onggi system check
	assert_status 1
	assert_matches '^damaged: name docker.io/library/ghost:1: the image it leads to is not there$'
	assert_matches '^damaged: name .*rubbish:1: it does not say'
	run onggi system check --repair
	assert_ok
	[[ $(ls "$STORE/refs") == "docker.io%2Flibrary%2Fgrown:1" ]]
	# Its record is sound, and lists the layers upside down.
	python3 - "$STORE/images/$ID" <<'EOF'
import hashlib, json, sys
text = open(sys.argv[1]).read().rsplit("\nsha256:", 1)[0]
record = json.loads(text)
record["layers"].reverse()
text = json.dumps(record)
open(sys.argv[1], "w").write(text + "\nsha256:" + hashlib.sha256(text.encode()).hexdigest() + "\n")
EOF
	run onggi system check
	assert_status 1
	assert_matches '^damaged: image .* is not what its config asks for$'
	onggi system check --repair
	run onggi system check
	assert_ok
}

@test "system check: what is left over is no damage" {
	mkdir -p "$STORE/staging/dead/fs"
	touch "$STORE/staging/dead/lock"
	cp -a "$STORE/layers/$TOP_LAYER" "$STORE/layers/${TOP_LAYER}0000"
	run onggi system check
	assert_status 1 # no chain id begins with that name
	rm -r "$STORE/layers/${TOP_LAYER}0000"
	run onggi system check
	assert_ok
	assert_matches '^left over: file staging/dead: '
	run onggi system check --repair
	assert_ok
	assert_has "repaired: deleted"
	[[ ! -e $STORE/staging/dead ]]
}

@test "system check: what a running container stands on is left to it" {
	mkfifo "$BATS_TEST_TMPDIR/hold"
	"$ONGGI" --root "$STORE" --run-root "$RUN_STORE" run -i --rm grown:1 sh -c 'echo up; read word' \
		<>"$BATS_TEST_TMPDIR/hold" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	wait_for 10 grep -q up "$BATS_TEST_TMPDIR/out"
	echo nore >"$STORE/layers/$TOP_LAYER/fs/more"
	run onggi system check --deep --repair
	assert_status 1
	assert_has "not repaired: a running container or a mounted image stands on it"
	echo end >"$BATS_TEST_TMPDIR/hold"
	wait "$pid"
	run onggi system check --deep --repair
	assert_ok
}

@test "system check: as JSON" {
	rm -r "$STORE/layers/$TOP_LAYER"
	run onggi system check --format json
	assert_status 1
	python3 -c '
import json, sys
facts = json.loads(sys.argv[1])
assert facts["Sound"] is False
(finding,) = facts["Findings"]
assert (finding["State"], finding["Type"], finding["Repair"]) == ("missing", "layer", None)
assert "grown:1" in finding["BelongsTo"][0]' "$output"
	run onggi system check --format '{{.Layers}}'
	assert_output 1
}
