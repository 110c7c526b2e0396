"""Log-ins as an administrator makes, changes and closes them; and the page behind a one-time link."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from tumorboard.domain.errors import BadInput
from tumorboard.services.access import Role
from tumorboard.services.account_edits import (
    Invited,
    change_account,
    invite_account,
    invite_members,
    renew_link,
    shut_account,
)
from tumorboard.services.account_edits import (
    list_accounts as find_accounts,
)
from tumorboard.services.account_links import LINK_DAYS, choose_password, read_link
from tumorboard.services.accounts import MINIMUM_PASSWORD
from tumorboard.services.centre_members import list_members
from tumorboard.store.people import Account
from tumorboard.web.auth import current_actor, database, limit_log_in, log_in_account, setup, utc_now
from tumorboard.web.pages.forms import Form, Refused, form_list, forms_of, take_form
from tumorboard.web.pages.frame import form_text, pages, show, words
from tumorboard.web.pages.names import full_name
from tumorboard.words.labels import ROLES
from tumorboard.words.refusals import say_error


@pages.get("/centre/accounts", endpoint="list_accounts")
def list_accounts() -> Response:
    """Every log-in."""
    return _page()


def _page(refused: Refused | None = None, invited: Sequence[Invited] = ()) -> Response:
    rows = find_accounts(database(), by=current_actor())
    return show(
        "accounts.html",
        rows=rows,
        roles=[(role.value, words().gettext(ROLES[role.value])) for role in Role],
        members=_members(),
        without=_members(without={row.member.public_id for row in rows if row.member}),
        form=forms_of(refused),
        invited=invited,
        days=LINK_DAYS,
        letters=(
            ("no", words().gettext("Show me the link; I pass it on")),
            ("yes", words().gettext("Send it by mail")),
        ),
    )


def _members(without: Collection[str] = ()) -> list[tuple[str, str]]:
    """Members by id, but for those."""
    known = list_members(database(), by=current_actor())
    rows = (row for row in known if row.active and row.public_id not in without)
    return [(row.public_id, f"{full_name(row)} · {row.email}") for row in sorted(rows, key=lambda row: row.name)]


def _tell(invited: Invited) -> Response:
    """The link stands on the page that answers the form, once; it is in no address and no cookie."""
    if invited.link:
        return _page(invited=[invited])
    said = words().gettext("The link is on its way to %(address)s.") % {"address": invited.account.email}
    flash(said, "done")
    return redirect(url_for("pages.list_accounts"), 303)


@pages.post("/centre/accounts")
def add_account() -> Response:
    """A new log-in with its one-time link."""
    made: list[Invited] = []

    def act() -> str:
        made.append(invite_account(
            database(), setup(), email=form_text("email"), name=form_text("name"), roles=form_list("roles"),
            member_id=form_text("member_id") or None, by_mail=form_text("by_mail") == "yes", by=current_actor(),
            now=utc_now(),
        ))  # fmt: skip
        return words().gettext("The log-in is made.")

    answer = take_form("new-account", act, url_for("pages.list_accounts"), _page)
    return _tell(made[0]) if made else answer


@pages.post("/centre/accounts/several")
def add_accounts() -> Response:
    """Log-ins for several members, each with its link: all of them or none."""
    made: list[Invited] = []

    def act() -> str:
        made.extend(invite_members(
            database(), setup(), member_ids=form_list("member_ids"), roles=form_list("roles"),
            by_mail=form_text("by_mail") == "yes", by=current_actor(), now=utc_now(),
        ))  # fmt: skip
        said = words().ngettext("%(num)d log-in is made.", "%(num)d log-ins are made.", len(made))
        return said % {"num": len(made)}

    answer = take_form("new-accounts", act, url_for("pages.list_accounts"), _page)
    return _page(invited=made) if any(one.link for one in made) else answer


@pages.post("/centre/accounts/<account_id>")
def save_account(account_id: str) -> Response:
    """Name, roles and whose log-in it is; or it is closed."""

    def act() -> str:
        if form_text("do") == "close":
            shut_account(database(), account_id=account_id, by=current_actor(), now=utc_now())
            return words().gettext("The log-in is closed.")
        change_account(
            database(), account_id=account_id, name=form_text("name"), roles=form_list("roles"),
            member_id=form_text("member_id") or None, by=current_actor(), now=utc_now(),
        )  # fmt: skip
        return words().gettext("Kept.")

    back = url_for("pages.list_accounts", _anchor=f"account-{account_id}")
    return take_form(f"account-{account_id}", act, back, _page)


@pages.post("/centre/accounts/<account_id>/link")
def make_password_link(account_id: str) -> Response:
    """A new one-time link; what was chosen before ends."""
    by_mail = form_text("by_mail") == "yes"
    invited = renew_link(database(), setup(), account_id=account_id, by_mail=by_mail, by=current_actor(), now=utc_now())
    return _tell(invited)


@pages.get("/password/<token>", endpoint="show_password_link")
def show_password_link(token: str) -> Response:
    """What the link is for. Looking at it uses nothing up."""
    return _password_page(read_link(database(), setup(), token=token, now=utc_now()), token)


def _password_page(account: Account, token: str, form: Form | None = None) -> Response:
    return show("password.html", 422 if form else 200, who=account, token_of_link=token,
                form=form or Form("password"), shortest=MINIMUM_PASSWORD)  # fmt: skip


@pages.post("/password/<token>")
@limit_log_in
def save_password(token: str) -> Response:
    """Choose the password, and be logged in with it."""
    try:
        password = request.form.get("password", "")
        if password != request.form.get("again", ""):
            raise BadInput("the two passwords differ", code="passwords-differ", field="again")
        account = choose_password(database(), setup(), token=token, password=password, now=utc_now())
    except BadInput as error:
        account = read_link(database(), setup(), token=token, now=utc_now())
        wrong = str(error.values.get("field", ""))
        return _password_page(account, token, Form("password", {}, say_error(error, words()), wrong, is_sent=True))
    log_in_account(account)
    flash(words().gettext("Your password is chosen, and you are logged in."), "done")
    return redirect("/", 303)
