"""A station whose site file has been spoilt goes on with the last one that was right."""

import pytest

from broadcaster.kept_site import keep_site, site_or_kept
from broadcaster.run_directory import StateDirectory
from tests.broadcaster.test_site_reader import HORN
from tests.zones.small_site import SMALL_SITE
from zones.sitefile import SiteError


@pytest.fixture
def state(tmp_path):
    state = StateDirectory(tmp_path / "state")
    state.make()
    return state


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "site"
    (folder / "firmware_profiles").mkdir(parents=True)
    (folder / "firmware_profiles" / "horn.yaml").write_text(HORN)
    (folder / "config.yaml").write_text(SMALL_SITE, encoding="utf-8")
    return folder / "config.yaml"


def test_a_right_file_is_read_itself(config, state):
    keep_site(config, state)
    found = site_or_kept(config, state)
    assert (found.config, found.fault) == (config, "")


def test_a_wrong_file_is_replaced_by_the_last_right_one_and_named(config, state):
    keep_site(config, state)
    right = site_or_kept(config, state).site
    config.write_text("schema: 1\nzones: [", encoding="utf-8")
    found = site_or_kept(config, state)
    assert found.site.zones == right.zones
    assert "config.yaml:2" in found.fault
    assert "broadcaster reload" in found.fault


def test_a_profile_that_went_away_is_still_there(config, state):
    keep_site(config, state)
    (config.parent / "firmware_profiles" / "horn.yaml").unlink()
    assert site_or_kept(config, state).fault


def test_without_a_right_one_the_problems_are_told(config, state):
    config.write_text("zones: [", encoding="utf-8")
    with pytest.raises(SiteError):
        site_or_kept(config, state)


def test_the_newest_right_one_is_kept(config, state):
    keep_site(config, state)
    config.write_text(SMALL_SITE.replace("Upper", "Higher"), encoding="utf-8")
    keep_site(config, state)
    config.unlink()
    assert "Higher" in {zone.name.en for zone in site_or_kept(config, state).site.zones}
