"""Modules joined into one do what they do apart, as Node and browsers run them."""

import re
import shutil
import subprocess
from importlib import resources

import pytest

from broadcaster.console.one_module import OneModuleError, imported_by, joined, sharing

STATIC = resources.files("broadcaster.console") / "static"
MODULES = {
    "main.js": 'import { twice as two } from "./part.js";\nimport whole from "./lib/l.js";\n'
    'export { packed } from "./part.js";\nconsole.log(two(4), whole(1), typeof imported);\n',
    "part.js": "const imported = 1;\nexport const packed = imported;\n"
    "/** import { not } from a comment is none. */\nexport function twice(n) { return 2 * n; }\n",
    "lib/l.js": 'import{twice as t}from"../part.js";const u=t(3);export{u as six};'
    "export default function(n){return n+u}\n",
}


def test_a_module_runs_after_what_it_imports_and_sees_nothing_else_of_it():
    whole, names = joined(MODULES, "main.js")
    assert list(names) == ["part.js", "lib/l.js", "main.js"]
    assert "const { twice: two } = m0;" in whole
    assert "const { default: whole } = m1;" in whole
    assert "return { packed, twice };" in whole
    assert "packed: m0.packed" in whole
    assert whole.endswith("export { m0, m1, m2 };\n")


def test_a_later_module_takes_the_ones_that_are_there():
    _, names = joined(MODULES, "main.js")
    later = 'import { twice } from "../part.js";\nimport { own } from "../own.js";\n'
    assert sharing("views/one.js", later, names, "main.js") == (
        'import { m0 } from "../main.js"; const { twice } = m0;\nimport { own } from "../own.js";\n'
    )
    assert 'from "./main.js"' in sharing("own.js", later.replace("../", "./"), names, "main.js")
    assert imported_by("views/one.js", later) == ["part.js", "own.js"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"part.js": "export let n = 1;"}, "part.js has a form that cannot be joined: export let"),
        ({"part.js": 'import * as all from "./lib/l.js";'}, "cannot be joined: import"),
        ({"part.js": 'import { six } from "./lib/l.js";'}, "import one another: main.js -> part"),
        ({"part.js": 'import { six } from "./no.js";'}, "part.js imports no.js, which is not"),
    ],
)
def test_what_cannot_be_joined_is_named(change, says):
    with pytest.raises(OneModuleError, match=re.escape(says)):
        joined(MODULES | change, "main.js")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_it_runs(tmp_path):
    whole, _ = joined(MODULES, "main.js")
    (tmp_path / "whole.mjs").write_text(whole)
    done = subprocess.run(
        ["node", tmp_path / "whole.mjs"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("8 7 undefined\n", "")
