"""Why a file is not accepted as a picture."""

AGAIN = "Open it in a picture viewer, save it again and try that copy."


class UploadError(ValueError):
    """A file that is not accepted as a picture. The message is a sentence for the user."""


def damaged() -> UploadError:
    """The refusal of a file whose pixels are not all there."""
    return UploadError(f"The picture is damaged or cut off: its pixels cannot be read. {AGAIN}")


def strange(what: str) -> UploadError:
    """The refusal of a file that would keep the decoder busy; ``what`` it has."""
    return UploadError(f"The file has {what}, as no camera or program writes it. {AGAIN}")
