"""Which zones the keys act on."""

from broadcaster.demo.choice import Choice

ZONES = [f"z{number}" for number in range(1, 15)]


def pressed(*keys):
    choice = Choice()
    for key in keys:
        choice.press(key, ZONES)
    return choice


def test_arrows_choose_and_go_round():
    assert pressed("down", "down").zone(ZONES) == "z3"
    assert pressed("up").zone(ZONES) == "z14"


def test_digits_choose_one_after_the_other():
    assert pressed("1", "4").zone(ZONES) == "z14"
    assert pressed("1", "5").zone(ZONES) == "z5"
    assert pressed("1", "down", "3").zone(ZONES) == "z3"
    assert pressed("0").zone(ZONES) == "z1"


def test_without_marks_the_chosen_zone_is_meant():
    assert pressed("3").several(ZONES) == ["z3"]


def test_marked_zones_are_meant_in_the_order_of_the_table():
    assert pressed("9", " ", "2", " ", "5").several(ZONES) == ["z2", "z9"]
    assert pressed("9", " ", " ").several(ZONES) == ["z9"]


def test_other_keys_are_for_somebody_else():
    assert not Choice().press("e", ZONES)
    assert Choice().press(" ", ZONES)


def test_zones_that_are_gone_are_neither_chosen_nor_marked():
    choice = pressed("1", "4", " ", "2", " ", "1", "4")
    choice.within(ZONES[:3])
    assert choice.zone(ZONES[:3]) == "z3"
    assert choice.marked == {"z2"}
