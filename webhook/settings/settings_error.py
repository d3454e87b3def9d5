"""The one error of settings that cannot be used."""


class SettingsError(Exception):
    """Settings that cannot be read or make no sense.

    The message names the file or variable, the key and what is accepted, one line for each fault.
    """
