import pytest

from storefront.digital.wording import size_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (840, "840 bytes"),
        (1000, "1 KB"),
        (12_400, "12 KB"),
        (999_999, "1.0 MB"),
        (1_400_000, "1.4 MB"),
        (23_000_000, "23 MB"),
        (4_200_000_000, "4.2 GB"),
        (9_000_000_000_000_000, "9000 TB"),
    ],
)
def test_sizes_are_told_as_people_do(size: int, words: str) -> None:
    assert size_in_words(size) == words
