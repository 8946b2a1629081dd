"""Which site file a station runs by, noted for as long as its supervisor lives."""

import os
from pathlib import Path

from broadcaster.run_directory import RunDirectory
from broadcaster.site_in_force import SiteNote, note_site, site_in_force

ME = os.getpid()


def test_it_is_the_supervisor_s_until_another_is_noted(run_directory):
    run = RunDirectory(run_directory)
    assert site_in_force(run, Path("/a.yaml"), ME) == SiteNote(Path("/a.yaml"))
    note = SiteNote(Path("/b.yaml"), 1)
    note_site(run, note, ME)
    assert site_in_force(run, Path("/a.yaml"), ME) == note


def test_another_supervisor_begins_with_its_own(run_directory):
    run = RunDirectory(run_directory)
    note_site(run, SiteNote(Path("/b.yaml"), 1), ME)
    assert site_in_force(run, Path("/a.yaml"), 1).config == Path("/a.yaml")
    (run.path / "site.json").write_text("{")
    assert site_in_force(run, Path("/a.yaml"), ME).config == Path("/a.yaml")
