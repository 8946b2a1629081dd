"""The table of routes of the API: every path, who may use it, what it takes and gives."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from broadcaster.console import models
from broadcaster.console.acts import Acts
from broadcaster.console.devices import Devices
from broadcaster.console.gate import Gate, is_local
from broadcaster.console.identity import Identity
from broadcaster.console.keeping_people import KeepingPeople
from broadcaster.console.openapi import openapi
from broadcaster.console.problem import ProblemError
from broadcaster.console.radio_routes import radio_routes
from broadcaster.console.reading import Reading
from broadcaster.console.routes import Call, Given, Route
from broadcaster.console.signing_in import SigningIn
from broadcaster.console.station import Station

V1: Final = "/api/v1"

# act: (the body it takes, what it does)
_ON_ALERT: Final[dict[str, tuple[type[models.Request], str]]] = {
    "confirm": (models.Act, "Let a pending alert sound now; also the second person's yes"),
    "reject": (models.WithReason, "Say that a pending alert is none"),
    "hold": (models.Hold, "Ask for more time over a pending alert, once; then it sounds"),
    "acknowledge": (models.Act, "Say that one is looking: nobody else is called"),
    "escalate": (models.Escalate, "Make a living alert more urgent"),
    "add-zones": (models.AddZones, "Warn more zones with a living alert"),
    "step-down": (models.StepDown, "Turn an evacuation into a closure, and say so"),
    "correct": (models.Act, "Say that it was an error to all who heard it, and end it"),
    "all-clear": (models.AllClear, "Say that it is over or the path open again, and end it"),
    "reconfirm": (models.Act, "Say that the hazard goes on"),
    "break-glass": (models.WithReason, "Send it without its second person; goes on record"),
    "stop": (models.Act, "Ask how an alert can end: never without a word"),
}


def routes(station: Station, gate: Gate) -> tuple[Route, ...]:
    """Every route of the API but the WebSocket."""
    reading, acts = Reading(station), Acts(station, gate)
    listed = (
        *_reading(reading, gate),
        *_warning(acts),
        *_spares(acts),
        *radio_routes(station, acts),
        *_devices(Devices(station)),
        *_signing_in(SigningIn(station, gate)),
        *_people(KeepingPeople(station)),
    )
    reading.document = openapi(listed)
    return listed


def _reading(reading: Reading, gate: Gate) -> tuple[Route, ...]:
    async def metrics(call: Call) -> Given:
        # A scraper on this machine needs no token, everybody else the right.
        if not is_local(call.request):
            by = gate.asker(call.request)
            if by is None:
                raise gate.unknown()
            gate.check_right(by, "read-metrics", call.request)
        return await reading.metrics(call)

    alert = {"alert": "The alert's id."}
    return (
        Route("GET", f"{V1}/snapshot", "look", reading.snapshot, "How things stand",
              models.Snapshot),
        Route("GET", f"{V1}/site", "look", reading.site,
              "Paths, zones, exits, speakers, cameras, and the messages to choose from",
              models.SiteShown),
        Route("GET", f"{V1}/alerts", "look", reading.alerts, "The alerts that live",
              models.AlertList, tag="alerts"),
        Route("GET", f"{V1}/alerts/{{alert}}", "look", reading.alert,
              "One alert, living or over, and what is on record of it", models.AlertShown,
              tag="alerts", parameters=alert),
        Route("GET", f"{V1}/journal", "read-journal", reading.journal,
              "A page of the journal, newest first", models.JournalPage,
              query=models.JournalQuery),
        Route("GET", f"{V1}/pictures/{{picture}}", "see-pictures", reading.picture,
              "A picture that came with a detection; who looked and why goes on record",
              models.Answer, query=models.PictureQuery, tag="alerts", media_type="image/jpeg",
              parameters={"picture": "Its name, as the alert has it."}),
        Route("GET", f"{V1}/openapi.json", "look", reading.openapi, "This document",
              models.Answer),
        Route("GET", "/metrics", None, metrics,
              "For Prometheus: open to this machine, else for whoever may look",
              models.Answer, media_type="text/plain"),
        Route("GET", "/ca.crt", None, reading.authority,
              "The certificate that browsers are to trust", models.Answer,
              media_type="application/x-x509-ca-cert"),
        Route("GET", "/healthz", None, reading.health, "Whether the console hears control",
              models.Health),
    )  # fmt: skip


def _warning(acts: Acts) -> tuple[Route, ...]:
    alert = {"alert": "The alert's id."}
    return (
        # The police may raise one hazard; whether it is that one only the body says.
        Route("POST", f"{V1}/alerts", "raise-missing-person", acts.target,
              "Warn: a message or a hazard, in zones, by a camera or at a place",
              models.AlertAnswer, takes=models.Raise, needs_key=True, tag="alerts"),
        Route("POST", f"{V1}/preview", "preview", acts.preview,
              "Say what a warning would do, without giving it", models.Answer,
              takes=models.Preview, tag="alerts"),
        *(
            Route("POST", f"{V1}/alerts/{{alert}}/{act}", act, acts.on_alert(act), does,
                  models.AlertAnswer, takes=takes, needs_key=True, tag="alerts",
                  parameters=alert)
            for act, (takes, does) in _ON_ALERT.items()
        ),
        Route("POST", f"{V1}/exercises", "exercise", acts.start_exercise,
              "Begin an exercise", models.AlertAnswer, takes=models.StartExercise,
              needs_key=True, tag="exercises"),
        Route("POST", f"{V1}/exercises/{{alert}}/end", "end-exercise",
              acts.on_alert("end-exercise"), "End an exercise, and say so", models.AlertAnswer,
              takes=models.Act, needs_key=True, tag="exercises",
              parameters={"alert": "The exercise's id."}),
        Route("POST", f"{V1}/claims", "play", acts.play, "Put a sound on zones",
              models.PlayAnswer, takes=models.Play, needs_key=True, tag="announcements"),
        Route("POST", f"{V1}/claims/{{claim}}/withdraw", "withdraw", acts.withdraw,
              "Take a sound off its zones", models.PlayAnswer, needs_key=True,
              tag="announcements", parameters={"claim": "The claim's id."}),
    )  # fmt: skip


def _spares(acts: Acts) -> tuple[Route, ...]:
    spare = {"spare": "The spare's stream or amplifier."}
    return (
        Route("POST", f"{V1}/spares/{{spare}}/take-over", "spare-take-over",
              acts.on_spare("spare-take-over"), "Let a spare amplifier play a zone too",
              models.SpareAnswer, takes=models.TakeZone, needs_key=True, tag="amplifiers",
              parameters=spare),
        Route("POST", f"{V1}/spares/{{spare}}/give-back", "spare-give-back",
              acts.on_spare("spare-give-back"), "Let a spare amplifier rest again",
              models.SpareAnswer, takes=models.Act, needs_key=True, tag="amplifiers",
              parameters=spare),
    )  # fmt: skip


def _devices(devices: Devices) -> tuple[Route, ...]:
    amplifier = {"amplifier": "The amplifier's id."}
    return (
        Route("GET", f"{V1}/amplifiers", "look", devices.all,
              "Every amplifier as it answers, and every fault", models.AmplifierList,
              tag="amplifiers"),
        Route("GET", f"{V1}/amplifiers/{{amplifier}}", "look", devices.one,
              "One amplifier with all its readings", models.AmplifierShown, tag="amplifiers",
              parameters=amplifier),
        Route("POST", f"{V1}/amplifiers/{{amplifier}}/maintenance", "keep-amplifiers",
              devices.maintain, "Say that somebody works at it: its faults ring nobody",
              models.MaintenanceAnswer, takes=models.Maintenance, needs_key=True,
              tag="amplifiers", parameters=amplifier),
        Route("POST", f"{V1}/faults/acknowledge", "acknowledge-fault",
              devices.on_fault("ack", "fault acknowledged"),
              "Say that one has seen faults: nobody is rung", models.FaultAnswer,
              takes=models.OnFault, needs_key=True, tag="amplifiers"),
        Route("POST", f"{V1}/faults/reset", "keep-amplifiers",
              devices.on_fault("reset", "fault reset"),
              "Take faults that are over from the list", models.FaultAnswer,
              takes=models.OnFault, needs_key=True, tag="amplifiers"),
        Route("POST", f"{V1}/faults/shelve", "keep-amplifiers",
              devices.on_fault("shelve", "fault shelved"),
              "Put faults aside for some hours, with a reason", models.FaultAnswer,
              takes=models.Shelve, needs_key=True, tag="amplifiers"),
    )  # fmt: skip


def _signing_in(signing: SigningIn) -> tuple[Route, ...]:
    session = f"{V1}/session"
    return (
        Route("GET", session, None, signing.who, "Who is signed in here, and what they may do",
              models.Me, tag="session"),
        Route("POST", session, None, signing.sign_in, "Sign in", models.Me,
              takes=models.SignIn, tag="session"),
        Route("POST", f"{session}/sign-over", None, signing.sign_over,
              "Hand this desk to the next person; its pages go on", models.Me,
              takes=models.SignIn, tag="session"),
        Route("DELETE", session, None, signing.sign_out, "Sign out", models.Done,
              tag="session"),
        Route("POST", f"{session}/password", None, signing.new_password,
              "Change one's own password", models.Done, takes=models.NewPassword,
              tag="session", is_own=True),
        Route("POST", f"{session}/codes", None, signing.offer_codes,
              "Offer a secret for an authenticator app", models.CodesOffered, tag="session",
              is_own=True),
        Route("PUT", f"{session}/codes", None, signing.take_codes,
              "Ask for the app's codes from now on", models.Done, takes=models.NewCodes,
              tag="session", is_own=True),
        Route("POST", f"{V1}/setup", None, signing.set_up, "Make the first administrator",
              models.Me, takes=models.SetUp, tag="session"),
    )  # fmt: skip


def _people(people: KeepingPeople) -> tuple[Route, ...]:
    person, token = {"person": "The name they sign in with."}, {"token": "Its id or name."}
    return (
        Route("GET", f"{V1}/people", "keep-people", people.people,
              "Everybody who may sign in", models.PersonList, tag="people"),
        Route("POST", f"{V1}/people", "keep-people", people.add, "Add somebody",
              models.PersonShown, takes=models.NewPerson, status=201, tag="people"),
        Route("PATCH", f"{V1}/people/{{person}}", "keep-people", people.change,
              "Give somebody other roles, another password, no codes; bar them", models.PersonShown,
              takes=models.ChangedPerson, tag="people", parameters=person),
        Route("DELETE", f"{V1}/people/{{person}}", "keep-people", people.remove,
              "Remove somebody; their sessions end at once", models.Done, tag="people",
              parameters=person),
        Route("GET", f"{V1}/sessions", "keep-people", people.sessions,
              "Who is signed in where", models.SessionList, tag="people"),
        Route("DELETE", f"{V1}/sessions/{{session}}", "keep-people", people.end_session,
              "End somebody's session", models.Done, tag="people",
              parameters={"session": "The session's id."}),
        Route("GET", f"{V1}/tokens", "keep-tokens", people.tokens, "Every token",
              models.TokenList, tag="people"),
        Route("POST", f"{V1}/tokens", "keep-tokens", people.add_token,
              "Make a token; its secret is shown this once", models.TokenShown,
              takes=models.NewToken, status=201, tag="people"),
        Route("DELETE", f"{V1}/tokens/{{token}}", "keep-tokens", people.revoke_token,
              "Revoke a token", models.Done, tag="people", parameters=token),
    )  # fmt: skip


def add_routes(app: web.Application, station: Station, gate: Gate) -> tuple[Route, ...]:
    """Put the API and its WebSockets into an application; the routes of the table."""
    listed = routes(station, gate)
    for route in listed:
        app.router.add_route(route.method, route.path, gate.bound(route))

    def watcher(request: web.Request) -> Identity:
        if "Authorization" not in request.headers:
            gate.check_origin(request)
        by = gate.asker(request)
        if by is None:
            raise gate.unknown()
        gate.check_right(by, "look", request)
        return by

    async def live(request: web.Request) -> web.StreamResponse:
        by = watcher(request)
        if station.live.is_full:
            raise ProblemError(503, "full", "too many pages watch this station already")
        return await station.live.serve(request, lambda: gate.who_now(by))

    async def listen(request: web.Request) -> web.StreamResponse:
        by, zone = watcher(request), request.match_info["zone"]
        return await station.listening.serve(request, zone, lambda: gate.who_now(by))

    app.router.add_get(f"{V1}/live", live)
    app.router.add_get(f"{V1}/zones/{{zone}}/listen", listen)
    return listed
