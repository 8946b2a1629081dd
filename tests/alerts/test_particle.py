"""Korean particles by the last sound of the word before them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.particle import attached, filled


@pytest.mark.parametrize(
    ("template", "name", "said"),
    [
        ("{name}은(는) 통제합니다.", "홍제천", "홍제천은 통제합니다."),
        ("{name}은(는) 통제합니다.", "산책로", "산책로는 통제합니다."),
        ("{name}이(가) 가깝습니다.", "홍제교 계단", "홍제교 계단이 가깝습니다."),
        ("{name}이(가) 가깝습니다.", "모래내", "모래내가 가깝습니다."),
        ("{name}을(를) 따라", "안산", "안산을 따라"),
        ("{name}와(과) 산책로", "안산", "안산과 산책로"),
        ("{name}와(과) 산책로", "산책로", "산책로와 산책로"),
        ("{name}(으)로 나가십시오.", "폭포마당 출구", "폭포마당 출구로 나가십시오."),
        ("{name}(으)로 나가십시오.", "홍제교 계단", "홍제교 계단으로 나가십시오."),
        ("{name}(으)로 나가십시오.", "봉수대 갈림길", "봉수대 갈림길로 나가십시오."),
        ("{name}(으)로", "출구 3", "출구 3으로"),
        ("{name}(으)로", "출구 1", "출구 1로"),
        ("{name}(으)로", "출구 10", "출구 10으로"),
        ("{name}(으)로", "게이트 B", "게이트 B로"),
        ("{name}이(가)", "게이트 M", "게이트 M이"),
        ("{name}이(가)", "연희로 (북쪽)", "연희로 (북쪽)가"),
        ("{name} 쪽으로", "홍제교", "홍제교 쪽으로"),
    ],
)
def test_the_particle_follows_the_sound(template, name, said):
    assert filled(template, name) == said


@given(st.integers(0xAC00, 0xD7A3), st.sampled_from(["은(는)", "이(가)", "을(를)", "와(과)"]))
def test_every_syllable_has_one_of_the_two_forms(code, written):
    has_final = (code - 0xAC00) % 28 != 0
    forms = {
        "은(는)": "은는", "이(가)": "이가", "을(를)": "을를", "와(과)": "과와",
    }[written]  # fmt: skip
    assert attached(chr(code), written) == forms[0 if has_final else 1]


@given(st.text(max_size=20))
def test_no_name_breaks_a_sentence(name):
    assert filled("{name} 쪽으로 나가십시오.", name) == f"{name} 쪽으로 나가십시오."
    assert filled("{name}(으)로", name) in (f"{name}로", f"{name}으로")
