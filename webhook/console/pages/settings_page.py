"""Settings of the cluster, and of namespaces: a form, what a change would do, and saving it.

A preview is judged by the engine that decides in the cluster. A save is made with the rights of
whoever asks. Whatever is refused, the form comes back with all that was typed.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from webhook import settings
from webhook.console.frame import error_pages
from webhook.console.frame.page import Page, PageAnswer, Route, see_other
from webhook.console.frame.visit import Visit
from webhook.console.settings_form import (
    change_preview,
    distribution_progress,
    form_rows,
    opened_settings,
    sent_settings,
    settings_object,
    settings_subject,
    typed_settings,
)
from webhook.kube import ApiError

ADDRESS = "/settings"
MOST_FINDINGS = 5
_NO_NAMESPACE = "No namespace can have this name."
_NOTHING_CHANGED = "Nothing is changed by this: the settings say so already."
_ENFORCE = "enforce"
_MODE = ("mode",)

Json = dict[str, Any]


async def show_settings(visit: Visit) -> PageAnswer:
    """GET: the form, what an address has typed into it, or a part that refreshes itself."""
    query, namespace = visit.request.query, visit.request.match_info.get("namespace", "")
    if "namespace" in query and not namespace:
        return see_other(_address(query["namespace"].strip()))
    if not _is_namespace(namespace):
        return error_pages.error_page(404, _NO_NAMESPACE, ADDRESS)
    if query.get("part") == "progress":
        stored = await settings_object.read_settings_object(visit.api, namespace)
        progress = await distribution_progress.read_progress(visit.api, visit.places, stored)
        return Page("settings_progress.html", _of_progress(namespace, progress))
    opened = await opened_settings.open_settings(visit, namespace)
    typed = typed_settings.TypedSettings(opened.subject, query)
    if "preview" in query and typed.changed and not typed.faults:
        return await _preview(visit, opened, typed)
    values: Json = {"notes": [*opened.notes, *_locked(typed)]}
    if "preview" in query and not typed.faults:
        values["notes"].append(_NOTHING_CHANGED)
    progress = await distribution_progress.read_progress(visit.api, visit.places, opened.stored)
    values |= {"saved": "saved" in query, "may": opened.may, **_of_progress(namespace, progress)}
    if not namespace:
        found = await opened_settings.namespaces_with_settings(visit)
        values["namespaces"], values["further"] = found
    return _form(typed, opened.stored.version, **values)


async def send_settings(visit: Visit) -> PageAnswer:
    """POST: do what the form asks; what fails is told above the form, with what was typed."""
    namespace = visit.request.match_info.get("namespace", "")
    try:
        sent = sent_settings.SentSettings.read(visit.form, namespace)
    except sent_settings.ForeignForm as error:
        return error_pages.error_page(400, str(error), ADDRESS)
    if not _is_namespace(namespace):
        return error_pages.error_page(404, _NO_NAMESPACE, ADDRESS)
    subject = settings_subject.SettingsSubject(sent.seen, None, namespace)
    try:
        opened = await opened_settings.open_settings(visit, namespace)
        subject = opened.subject
        if sent.version != opened.stored.version:
            subject = replace(subject, spec=sent.seen)
        return await _done(visit, opened, typed_settings.TypedSettings(subject, sent.typed), sent)
    except (ApiError, settings.SettingsError) as error:
        status, sentence = 503, str(error)
        if isinstance(error, ApiError):
            if error.status == 401:
                raise
            status, sentence = error_pages.status_of(error), error.message
    typed = typed_settings.TypedSettings(subject, sent.typed)
    refusal = error_pages.error_page(status, sentence, ADDRESS).values
    return _form(typed, sent.version, status=status, refusal=refusal)


async def _done(
    visit: Visit,
    opened: opened_settings.OpenedSettings,
    typed: typed_settings.TypedSettings,
    sent: sent_settings.SentSettings,
) -> PageAnswer:
    """What becomes of a form; raises ApiError and SettingsError."""
    shown: Json = {"may": opened.may, "notes": opened.notes, "focus": sent.field}
    if sent.action == sent_settings.SWITCH:
        typed, told = sent_settings.switched(typed, sent.field)
        shown["notes"] = [*opened.notes, *told]
    if sent.action not in {sent_settings.PREVIEW, sent_settings.SAVE} or typed.faults:
        return _form(typed, sent.version, status=422 if typed.faults else 200, **shown)
    if sent.version != opened.stored.version:
        return _changed_meanwhile(opened.stored, opened.subject, typed)
    if not typed.changed:
        shown["notes"] = [*opened.notes, _NOTHING_CHANGED]
        return _form(typed, sent.version, **shown)
    if sent.action == sent_settings.PREVIEW:
        return await _preview(visit, opened, typed)
    namespace = opened.subject.namespace
    try:
        await settings_object.save_settings(visit.api, namespace, sent.version, typed.spec)
    except settings_object.ChangedMeanwhile as error:
        subject = replace(opened.subject, spec=error.now.spec)
        return _changed_meanwhile(error.now, subject, typed)
    return see_other(f"{_address(namespace)}?saved")


async def _preview(
    visit: Visit, opened: opened_settings.OpenedSettings, typed: typed_settings.TypedSettings
) -> Page:
    """What these settings would do, with a button that saves them where the reader may."""
    subject, version = typed.subject, opened.stored.version
    found, unknown = None, ""
    try:
        found = await opened_settings.judged_change(visit, subject, typed.spec)
    except settings.SettingsError as error:
        unknown = str(error)
    values = {
        "found": found,
        "unknown": unknown,
        "outcomes": change_preview.OUTCOMES,
        "most_findings": MOST_FINDINGS,
        "changed": typed.changed,
        "may": await opened_settings.may_store(visit, opened.stored, typed.spec),
        "hidden": sent_settings.carried_fields(typed, version),
        **_around(subject.namespace),
    }
    return Page("settings_preview.html", values)


def _changed_meanwhile(
    now: settings_object.SettingsObject,
    subject: settings_subject.SettingsSubject,
    typed: typed_settings.TypedSettings,
) -> Page:
    """What somebody else has written beside what is typed, and how to go on with both."""
    again, rows = sent_settings.typed_on_top(subject, typed)
    values = {
        "rows": rows,
        "changed": again.changed,
        "hidden": sent_settings.carried_fields(again, now.version),
        **_around(subject.namespace),
    }
    return Page("settings_changed.html", values, 409)


def _form(
    typed: typed_settings.TypedSettings, version: str, *, status: int = 200, **values: Any
) -> Page:
    """The form; what is not told is not shown."""
    subject = typed.subject
    mode = subject.found.layer.settings.mode if subject.found is not None else ""
    field = subject.field_of(_MODE)
    told: Json = {
        "groups": form_rows.form_groups(typed),
        "form_notes": form_rows.form_notes(typed),
        "hidden": sent_settings.seen_fields(subject, version),
        "enforceable": mode not in {"", _ENFORCE} and field is not None and not field.locked,
        "known": subject.found is not None,
        "mode": mode,
        "notes": (),
        "refusal": None,
        "saved": False,
        "progress": None,
        "namespaces": None,
        "may": True,
        "focus": "",
    }
    return Page("settings.html", {**told, **_around(subject.namespace), **values}, status)


def _locked(typed: typed_settings.TypedSettings) -> list[str]:
    """Why what an address has typed has no effect."""
    fields = typed.subject.fields
    return [
        f"{each.name}: {each.locked}" for each in fields if each.locked and each.name in typed.typed
    ]


def _of_progress(namespace: str, found: distribution_progress.SettingsProgress) -> Json:
    return {"progress": found, **_around(namespace)}


def _around(namespace: str) -> Json:
    return {"namespace": namespace, "address": _address(namespace)}


def _address(namespace: str) -> str:
    return f"{ADDRESS}/{quote(namespace, safe='')}" if namespace else ADDRESS


def _is_namespace(name: str) -> bool:
    """Whether it may be one, or is none, which stands for the cluster."""
    label = len(name) <= 63 and "." not in name
    return not name or (label and settings.is_dns_subdomain(name))


ROUTES = tuple(
    Route(method, path, handler)
    for path in (ADDRESS, ADDRESS + "/{namespace}")
    for method, handler in (("GET", show_settings), ("POST", send_settings))
)
