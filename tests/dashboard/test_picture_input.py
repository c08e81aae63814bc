"""What is kept of a visitor's own picture."""

from types import SimpleNamespace

from robust_core.dashboard import picture_input


def test_a_file_that_its_widget_has_forgotten_is_kept(monkeypatch):
    """A page may be left before the browser's word of a new file has been heard."""
    state = {}
    monkeypatch.setattr(picture_input.st, "session_state", state)
    key = f"upload_{picture_input.STARTED}"
    state[key] = SimpleNamespace(getvalue=lambda: b"picture")
    picture_input._keep("upload")
    del state[key]
    picture_input._keep("upload")
    assert state == {"_upload": b"picture"}
    state[key] = None  # taken away by its cross
    picture_input._keep("upload")
    assert state["_upload"] is None
