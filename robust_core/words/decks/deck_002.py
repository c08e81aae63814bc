"""Deck 002: adversarial attacks on deep networks (A. Madan and S. Anand)."""

from robust_core.words.decks.row import LIVE, QUOTED, Row

REPORT = "robustness_report"
ROWS = (
    Row("002-01", "D_real, D_train, D_adv", LIVE, "first_principles", "D_real", "idea=boundary"),
    Row(
        "002-02",
        "The five likeliest classes before and after; the hen",
        LIVE,
        "",
        "hen",
        "depth=Classics&classic=Hen",
    ),
    Row(
        "002-03",
        "Equation (1): a linear model's activation grows with the dimension",
        LIVE,
        "first_principles",
        "Equation (1) of deck 002",
        "idea=dimension",
    ),
    Row(
        "002-04",
        "Equation (2): FGSM",
        LIVE,
        "",
        "by the sign of the gradient of the loss",
        "attack=fgsm&depth=Equation",
    ),
    Row("002-05", "Equations (3) and (4): BIM", LIVE, "", "Kurakin", "attack=bim&depth=Equation"),
    Row(
        "002-06",
        "Carlini-Wagner: tanh, f, and the search for c",
        LIVE,
        "",
        "tanh",
        "model=digits-cnn&attack=cw-l2&depth=Constant c",
    ),
    Row(
        "002-07", "Carlini-Wagner in L0, L2 and Linf", LIVE, "threat_models", "Carlini-Wagner (L0)"
    ),
    Row(
        "002-08",
        "Candle and Tibetan terrier",
        LIVE,
        "",
        "“Tibetan terrier”, the target",
        "model=digits-cnn&depth=Classics&classic=Candle",
    ),
    Row(
        "002-09",
        "Equation (5), the saddle point, and PGD",
        LIVE,
        "",
        "Madry",
        "attack=pgd&depth=Equation",
    ),
    Row(
        "002-10",
        "The set-up: pictures that are right before an attack",
        LIVE,
        REPORT,
        "all of them right before an attack",
        "report=deck-002",
    ),
    Row(
        "002-11",
        "Table 1, eps 0.1, the deck's and ours",
        LIVE,
        REPORT,
        "Table 1",
        "report=deck-002",
    ),
    Row(
        "002-12",
        "Table 2, eps 0.6, the deck's and ours",
        LIVE,
        REPORT,
        "Table 2",
        "report=deck-002",
    ),
    Row(
        "002-13",
        "Figure 6: top-5 accuracy against eps",
        LIVE,
        REPORT,
        "Figure 6",
        "report=deck-002&deck002_tabs=Figure 6",
    ),
    Row(
        "002-14",
        "Table 3: Carlini-Wagner, with its ambiguity",
        QUOTED,
        REPORT,
        "Table 3",
        "report=deck-002&deck002_tabs=Table 3",
    ),
)
