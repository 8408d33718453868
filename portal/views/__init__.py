"""Places: one module per URL prefix. A view reads the request, calls one service and hands plain values to a page.

Nothing here writes SQL, signs or decides a rule. Who may come where stands in `guarding`.
"""

from flask import Flask

from portal.views import (
    account,
    api,
    certificates,
    companies,
    consent,
    contact,
    desk,
    desk_log,
    desk_objections,
    desk_people,
    desk_request,
    destructions,
    enter,
    errors,
    exercising,
    guarding,
    handlers,
    holds,
    inquiries,
    leavers,
    ledger,
    me,
    org,
    org_admins,
    org_lists,
    org_members,
    org_questions,
    org_sign_in,
    policies,
    policy_drafts,
    public,
    rail,
    registers,
    requests,
    retention,
    reviews,
    shell,
    sign_in,
)

_ = desk_log, desk_objections, desk_people, desk_request, policy_drafts  # they add to the place of another
PLACES = (
    account.place,
    api.place,
    certificates.place,
    companies.place,
    consent.place,
    contact.place,
    desk.place,
    destructions.place,
    enter.place,
    exercising.place,
    handlers.place,
    inquiries.place,
    holds.place,
    leavers.place,
    ledger.place,
    me.place,
    org.place,
    org_admins.place,
    org_members.place,
    org_lists.place,
    org_questions.place,
    org_sign_in.place,
    policies.place,
    public.place,
    registers.place,
    requests.place,
    retention.place,
    reviews.place,
    sign_in.place,
)


def open_places(app: Flask) -> None:
    """Register every place on `app`, behind the guard."""
    guarding.guard(app)
    for place in PLACES:
        app.register_blueprint(place)
    app.extensions["csrf"].exempt(api.place)  # a signature stands in for the token, which no program has
    app.context_processor(shell.values)
    app.context_processor(rail.values)
    app.context_processor(org.values)
    errors.answer(app)
