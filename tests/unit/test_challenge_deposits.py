"""What a challenge takes and how it is shared."""

from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.content.engine.deposits import deposit_after, shares

WEI = st.integers(1, 2**96 - 1)
ENDINGS = st.sampled_from(["conceded", "upheld", "rejected", "closed"])


@given(deposit=WEI, extra=st.integers(0, 2**95), rejections=st.integers(0, 300))
def test_a_deposit_doubles_up_to_the_maximum(deposit: int, extra: int, rejections: int) -> None:
    maximum = deposit + extra
    expected = deposit
    for _ in range(rejections):
        expected = min(2 * expected, maximum)
    assert deposit_after(deposit, maximum, rejections) == expected


@given(state=ENDINGS, deposit=WEI, contested=st.booleans())
def test_shares_add_up_and_only_what_is_lost_is_split(
    state: str, deposit: int, contested: bool
) -> None:
    bond = deposit if contested else 0
    challenger, accused, treasury = shares(state, deposit, bond)
    assert challenger + accused + treasury == deposit + bond
    lost = {"upheld": bond, "rejected": deposit}.get(state, 0)
    assert 0 <= treasury - (lost - treasury) <= 1
    if state == "rejected":
        assert challenger == 0 and accused >= bond
    else:
        assert challenger >= deposit
