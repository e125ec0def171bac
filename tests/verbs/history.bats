#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0

load ../lib/onggi

# image_archive HISTORY: an archive of one image of two layers, as `docker save` writes it
image_archive() {
	python3 - "$1" "$BATS_TEST_TMPDIR/image.tar" <<-'END'
		import hashlib, io, json, sys, tarfile
		def layer(name, size):
		    out = io.BytesIO()
		    with tarfile.open(fileobj=out, mode="w") as tar:
		        entry = tarfile.TarInfo(name)
		        entry.size = size
		        tar.addfile(entry, io.BytesIO(b"x" * size))
		    return out.getvalue()
		layers = [layer("one", 1000), layer("two", 2500)]
		config = {"architecture": "amd64", "os": "linux", "config": {}, "history": json.loads(sys.argv[1]),
		          "rootfs": {"type": "layers",
		                     "diff_ids": ["sha256:" + hashlib.sha256(l).hexdigest() for l in layers]}}
		manifest = [{"Config": "c.json", "RepoTags": ["steps:1"], "Layers": ["0.tar", "1.tar"]}]
		files = {"c.json": json.dumps(config).encode(), "0.tar": layers[0], "1.tar": layers[1],
		         "manifest.json": json.dumps(manifest).encode()}
		with tarfile.open(sys.argv[2], "w") as tar:
		    for name, data in files.items():
		        entry = tarfile.TarInfo(name)
		        entry.size = len(data)
		        tar.addfile(entry, io.BytesIO(data))
	END
}

history_of() {
	image_archive "$1"
	onggi load -q -i "$BATS_TEST_TMPDIR/image.tar"
}

@test "history: steps with and without layers, the last first" {
	history_of '[{"created":"2026-01-02T03:04:05Z","created_by":"ADD one"},
		{"created_by":"ENV A=1","empty_layer":true},
		{"created_by":"RUN\tmake a very long command line that does not fit into a row","comment":"by hand"}]'
	run onggi history steps:1
	assert_ok
	assert_matches '^IMAGE +CREATED +CREATED BY +SIZE +COMMENT$'
	assert_matches '^[0-9a-f]{12} .*RUN make a very long command line that does … +2.5kB +by hand$'
	assert_matches '^<missing> .*ENV A=1 +0B *$'
	assert_matches '^<missing> .* ago +ADD one +1kB *$'
	run onggi image history --format '{{.CreatedBy}}|{{.Size}}' --human=false --no-trunc steps:1
	assert_output "RUN make a very long command line that does not fit into a row|2500
ENV A=1|0
ADD one|1000"
	run onggi history -q --no-trunc steps:1
	assert_output "sha256:$(sha256_of_config)
<missing>
<missing>"
	run onggi history --format json -H=false steps:1
	assert_has '"CreatedSince":"2026-01-02T03:04:05Z"'
}

sha256_of_config() {
	tar -xOf "$BATS_TEST_TMPDIR/image.tar" c.json | sha256sum | cut -d' ' -f1
}

@test "history: one that does not fit the layers" {
	history_of '[]'
	run onggi history --format '{{.ID}} {{.CreatedBy}}.{{.Size}}' steps:1
	assert_matches '^[0-9a-f]{12} \.2.5kB$'
	assert_matches '^<missing> \.1kB$'
	history_of '[{"created_by":"a"},{"created_by":"b"},{"created_by":"c"}]'
	run onggi history --format '{{.CreatedBy}}.{{.Size}}' steps:1
	assert_output "c.0B
b.2.5kB
a.1kB"
}

@test "history: what an import says, and words that would move the cursor" {
	box_tar | onggi import -m "from a jar" - jar:1 >/dev/null
	run onggi history --format '{{.Comment}}' jar:1
	assert_output "from a jar"
	history_of '[{"created_by":"\u001b[2Jgone"}]'
	run onggi history steps:1
	assert_has '\x1b[2Jgone'
}

@test "history: no such image" {
	run onggi history nosuch
	assert_status 1
	assert_has "no such image: nosuch"
}
