"""Reading a site directory: the site file, the files it names, the profiles beside it."""

import os
from pathlib import Path

import pytest

from broadcaster.site_reader import MAX_NAMED_FILES, read_profiles, read_site
from tests.zones.small_site import SMALL_SITE
from zones.sitefile import SiteError

SITE = SMALL_SITE.replace("profile: horn", "profile: virtual-amplifier")
SPEAKERS = "speakers:\n  rock-1: {output: amp-1/1, distance: 20 m, at: [37.579, 126.939]}\n"
HORN = """\
schema: 1
id: horn
vendor: Hornmaker
models: [H1]
firmware: {family: horn}
stream:
  formats:
    - {format: L16/48000, packet_times: [5 ms], payload_types: [96], source: unverified}
  receive: {multicast: true, groups: 1, even_port: true, source: unverified}
  buffer: {default: 100 ms, min: 20 ms, max: 1 s, source: unverified}
  waking: {keep_alive: none, pre_roll: 300 ms, source: unverified}
  on_stop: {timeout: 2 s, source: unverified}
sources: []
"""


@pytest.fixture
def site_folder(tmp_path):
    (tmp_path / "config.yaml").write_text(SITE, encoding="utf-8")
    return tmp_path


def complaints(path):
    with pytest.raises(SiteError) as caught:
        read_site(path)
    return [str(problem) for problem in caught.value.problems]


def with_speakers_file(folder: Path) -> Path:
    """Let the site name zones/speakers.yaml, and return that path; the file isn't there yet."""
    config = folder / "config.yaml"
    start, end = SITE.index("speakers:"), SITE.index("exits:")
    config.write_text(f"{SITE[:start]}speakers: zones/speakers.yaml\n{SITE[end:]}", "utf-8")
    (folder / "zones").mkdir()
    return folder / "zones" / "speakers.yaml"


def test_a_site_is_read_with_the_shipped_profiles(site_folder):
    assert [zone.id for zone in read_site(site_folder / "config.yaml").zones] == ["upper", "lower"]


def test_the_site_file_may_have_any_name(site_folder):
    renamed = (site_folder / "config.yaml").rename(site_folder / "역.yaml")
    assert len(read_site(renamed).zones) == 2


def test_paths_are_relative_to_the_site_file_wherever_one_stands(site_folder, monkeypatch):
    speakers = with_speakers_file(site_folder)
    speakers.write_text(
        SITE[SITE.index("  rock-1") : SITE.index("exits:")].replace("  rock", "rock")
    )
    monkeypatch.chdir("/")
    assert len(read_site(site_folder / "config.yaml").speakers) == 2


def test_a_site_of_its_own_profiles(site_folder):
    (site_folder / "config.yaml").write_text(SMALL_SITE, encoding="utf-8")
    (problem,) = complaints(site_folder / "config.yaml")
    assert problem.startswith(
        'config.yaml:13:31: amplifier_defaults: profile: no firmware profile "horn"; there are '
    )
    assert "virtual-amplifier" in problem
    shipped = set(read_profiles(site_folder))
    (site_folder / "firmware_profiles").mkdir()
    (site_folder / "firmware_profiles" / "horn.yaml").write_text(HORN)
    assert read_site(site_folder / "config.yaml").streams[0].pre_roll == 14_400
    assert set(read_profiles(site_folder)) == {*shipped, "horn"}


def test_a_profile_that_includes_an_unknown_one_is_told(site_folder):
    (site_folder / "firmware_profiles").mkdir()
    text = HORN.replace("sources:", "includes: generic-mib3\nsources:")
    (site_folder / "firmware_profiles" / "horn.yaml").write_text(text)
    with pytest.raises(SiteError) as caught:
        read_profiles(site_folder)
    assert [problem.message for problem in caught.value.problems] == [
        'includes: no profile "generic-mib3"; did you mean "generic-mib2"?'
    ]


def test_problems_of_the_site_and_of_its_profiles_are_told_together(site_folder):
    (site_folder / "config.yaml").write_text(SITE.replace("ttl: 8", "ttl: 800"), "utf-8")
    (site_folder / "firmware_profiles").mkdir()
    (site_folder / "firmware_profiles" / "horn.yaml").write_text(HORN.replace("vendor", "vender"))
    with pytest.raises(SiteError) as caught:
        read_site(site_folder / "config.yaml")
    assert caught.value.rendered() == (
        "config.yaml:50:8: stream_defaults: ttl: 800 is outside 1 to 255\n"
        "      ttl: 800\n"
        "           ^\n"
        'firmware_profiles/horn.yaml:3:1: unknown key "vender"; did you mean "vendor"?\n'
        "    vender: Hornmaker\n"
        "    ^"
    )
    with pytest.raises(SiteError, match="unknown key"):
        read_profiles(site_folder)


def test_a_site_file_that_is_not_there(tmp_path):
    assert complaints(tmp_path / "config.yaml") == ["config.yaml:1:1: is not there"]


def test_a_folder_is_no_site_file(tmp_path):
    assert complaints(tmp_path / ".") == [f"{tmp_path.name}:1:1: can't be read: Is a directory"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_site_file_that_may_not_be_read(site_folder):
    (site_folder / "config.yaml").chmod(0)
    assert complaints(site_folder / "config.yaml") == [
        "config.yaml:1:1: can't be read: Permission denied"
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, 'config.yaml:17:11: speakers: the file "zones/speakers.yaml" is not there'),
        (
            b"rock-1: {\xff}\n",
            "zones/speakers.yaml:1:10: is not UTF-8: byte 0xff; save the file as UTF-8",
        ),
        (
            "# 돌\n돌: \udcff".encode("utf-8", "surrogateescape"),
            "zones/speakers.yaml:2:4: is not UTF-8: byte 0xff; save the file as UTF-8",
        ),
        (b"x" * 8_000_001, "zones/speakers.yaml:1:1: is larger than 8,000,000 bytes"),
    ],
)
def test_a_named_file_that_cannot_be_read(site_folder, content, expected):
    speakers = with_speakers_file(site_folder)
    if content is not None:
        speakers.write_bytes(content)
    assert complaints(site_folder / "config.yaml") == [expected]


def test_a_named_folder(site_folder):
    with_speakers_file(site_folder).mkdir()
    assert complaints(site_folder / "config.yaml") == [
        "zones/speakers.yaml:1:1: can't be read: Is a directory"
    ]


def test_a_pipe_is_not_waited_for(site_folder):
    os.mkfifo(with_speakers_file(site_folder))
    assert complaints(site_folder / "config.yaml") == [
        "zones/speakers.yaml:1:1: can't be read: it is not a regular file"
    ]


def test_no_more_files_are_opened_than_a_site_can_need(site_folder):
    names = ", ".join(f"a{n}.yaml" for n in range(MAX_NAMED_FILES + 1))
    text = SITE[: SITE.index("speakers:")] + f"speakers: [{names}]\n" + SITE[SITE.index("exits:") :]
    (site_folder / "config.yaml").write_text(text, "utf-8")
    assert complaints(site_folder / "config.yaml") == [
        f"config.yaml:1:1: names {MAX_NAMED_FILES + 1} files; {MAX_NAMED_FILES} are the most"
    ]
