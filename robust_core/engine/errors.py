"""What can go wrong between a request and its result; each message can be shown as it is."""


class Busy(RuntimeError):
    """The queue is full: the request was not accepted."""


class Abandoned(RuntimeError):
    """Nobody waits for the result any more, or this request was replaced by a newer one."""


class OutOfTime(RuntimeError):
    """The work has used up its wall-clock budget."""


class OutOfMemory(RuntimeError):
    """The memory of the device is too small even for a single picture."""
