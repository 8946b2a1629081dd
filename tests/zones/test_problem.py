"""One problem, as it is shown to a person."""

from zones.problem import Problem, source_lines


def test_a_problem_begins_with_the_place_that_editors_jump_to():
    problem = Problem("config.yaml", 3, 7, "is wrong", "make it right")
    assert str(problem) == "config.yaml:3:7: is wrong; make it right"
    assert str(Problem("c", 1, 1, "is odd", is_warning=True)) == "c:1:1: warning: is odd"


def test_the_caret_stands_below_its_letter():
    source = "a: 1\r\n이름: 값 # é\n"
    assert Problem("c", 2, 5, "m").rendered(source).splitlines()[1:] == [
        "    이름: 값 # é",
        "          ^",
    ]
    # A letter with a separate accent takes one cell.
    assert Problem("c", 1, 5, "m").rendered("e\u0301: x").splitlines()[2] == "       ^"


def test_a_place_beyond_the_text_is_told_without_a_line():
    assert Problem("c", 9, 1, "m").rendered("a\n") == "c:9:1: m"


def test_what_could_change_the_screen_is_spelt_out():
    problem = Problem("c", 1, 1, 'unknown key "\x1b[31m\u202eabc"')
    assert str(problem) == 'c:1:1: unknown key "\\u001b[31m\\u202eabc"'
    assert problem.rendered("\x1b[31m\u202eabc").splitlines()[1] == "     [31m abc"


def test_a_message_does_not_quote_the_whole_file():
    shown = str(Problem("c", 1, 1, f'"{"x" * 100_000}" is not a name'))
    assert len(shown) < 450
    assert shown.endswith('x" is not a name')


def test_lines_end_as_yaml_lines_do():
    assert source_lines("a\r\nb\nc\rd\x85e\u2028f\u2029g\x0bh\x0ci") == (
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g\x0bh\x0ci",
    )
