"""Why nothing could be fetched, in sentences that a tenant may read: they name no address of ours and no open port."""


class Refused(Exception):
    """Our rules or limits forbid it; trying again changes nothing."""


class FetchFailed(Exception):
    """The server or the way to it failed; trying again may help."""


class Missing(FetchFailed):
    """The server has nothing under the URL."""
