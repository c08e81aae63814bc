"""Every address of the app opens its page, also as the first that a new server is asked for."""

import ast
from pathlib import Path

from robust_core.paths import ROOT


def addresses() -> list[tuple[str, str]]:
    """Script and address of each page of app.py but the one that it opens with."""
    calls = (
        node
        for node in ast.walk(ast.parse((ROOT / "app.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.Page"
    )
    found = []
    for call in calls:
        script = ast.literal_eval(call.args[0])
        options = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        if not options.get("default"):
            found.append((script, options.get("url_path", Path(script).stem)))
    return found


def test_a_new_server_finds_a_script_of_the_name_of_each_address():
    assert len(addresses()) >= 5
    for script, address in addresses():
        for path in (ROOT / script, ROOT / "pages" / f"{address}.py"):
            code = ast.parse(path.read_text(encoding="utf-8"))
            statements = [ast.unparse(node) for node in code.body]
            assert "navigation.inside_app()" in statements, path
