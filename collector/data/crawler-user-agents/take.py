"""Makes patterns.tsv and examples.txt of a crawler-user-agents.json. How to get one is in README.md beside this."""

import json
import pathlib
import sys

here = pathlib.Path(__file__).parent
entries = json.loads(pathlib.Path(sys.argv[1]).read_text())
# Libraries are tools of apps and scripts: who uses one is not a crawler for that.
entries = [entry for entry in entries if "http-library" not in entry["tags"]]

rows = [f"{'+'.join(sorted(entry['tags']))}\t{entry['pattern']}\n" for entry in entries]
assert all(row.count("\t") == 1 and row.count("\n") == 1 for row in rows)
(here / "patterns.tsv").write_text("".join(rows))

first = [entry["instances"][0] for entry in entries if entry["instances"]]
# The repository names no host of a package registry.
examples = [example for example in first if "\n" not in example and len(example) <= 400 and "pypi." not in example]
(here / "examples.txt").write_text("".join(f"{example}\n" for example in examples))
