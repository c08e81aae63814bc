"""Shares: the machine is divided among addresses, and an address's part among its sessions."""

from robust_core.engine.shares import MOST, Shares

ANNA, BEN, CORA = ("1.1.1.1", "anna"), ("1.1.1.1", "ben"), ("2.2.2.2", "cora")


def test_an_address_is_charged_for_all_its_sessions():
    shares = Shares()
    shares.charge(ANNA, 2.0)
    shares.charge(BEN, 1.0)
    shares.charge(CORA, 2.5)
    assert sorted([ANNA, BEN, CORA], key=shares.of) == [CORA, BEN, ANNA]


def test_who_comes_new_starts_level_with_the_least_of_those_who_are_there():
    shares = Shares()
    shares.charge(ANNA, 5.0)
    shares.charge(CORA, 7.0)
    shares.admit(BEN, [ANNA, CORA])
    assert shares.of(BEN) == shares.of(ANNA) == (5.0, 5.0)
    shares.admit(("3.3.3.3", "dora"), [ANNA, CORA])
    assert shares.of(("3.3.3.3", "dora")) == (5.0, 0.0)


def test_absence_earns_nothing_and_pays_no_debt():
    shares = Shares()
    shares.charge(ANNA, 5.0)
    shares.charge(CORA, 1.0)
    shares.admit(ANNA, [CORA])
    assert shares.of(ANNA) == (5.0, 5.0)
    shares.admit(CORA, [ANNA])
    assert shares.of(CORA) == (5.0, 1.0)


def test_who_was_busy_alone_owes_nothing():
    shares = Shares()
    shares.charge(ANNA, 100.0)
    shares.admit(ANNA, [])
    assert shares.of(ANNA) == (0.0, 0.0)


def test_the_books_do_not_grow_without_end():
    shares = Shares()
    shares.charge(CORA, 1.0)
    for number in range(3 * MOST):
        visitor = (str(number), "s")
        shares.admit(visitor, [CORA])
        shares.charge(visitor, 1.0)
    assert len(shares._seconds) <= MOST + 4
    assert shares.of(CORA) == (1.0, 1.0)
