"""What `settings show` asks a cluster, apart from it: the Kubernetes client takes long to load."""

import argparse
import asyncio

from webhook.cli import output
from webhook.cli.cluster_options import connect_to_cluster, release_namespace
from webhook.fleet.settings_sources import UnreadSettingsError, read_settings_origins
from webhook.kube import ApiError, ConfigurationError
from webhook.settings import SettingsError, origins


def settings_in_cluster(
    args: argparse.Namespace, of_namespace: origins.SettingsSource | None
) -> origins.SettingsOrigins | None:
    """The settings in force; with a source, as if it was the resource of the namespace.

    None where the cluster cannot be reached or read, which is then said. Raises SettingsError.
    """
    output.log_requests(args)
    try:
        return asyncio.run(_read(args, of_namespace))
    except UnreadSettingsError as error:
        option = "--namespace-settings" if error.of_namespace else "--settings"
        raise SettingsError(f"{error}, or name a file with {option}") from None
    except (ApiError, ConfigurationError) as error:
        output.write_error(args, error)
        return None


async def _read(
    args: argparse.Namespace, of_namespace: origins.SettingsSource | None
) -> origins.SettingsOrigins:
    def note(text: str) -> None:
        output.write_note(args, text)

    async with await connect_to_cluster(args) as api:
        release = release_namespace(args)
        return await read_settings_origins(api, release, args.namespace, of_namespace, note)
