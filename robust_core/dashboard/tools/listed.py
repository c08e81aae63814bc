"""The tools: those of deck 001, and today's, each with what it is for."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Tool:
    """``checked`` is its name in the committed benchmarks, where it is in them."""

    title: str
    link: str
    purpose: str
    checked: str = ""


DECK = (
    Tool(
        "Adversarial Robustness Toolbox (ART)",
        "https://github.com/Trusted-AI/adversarial-robustness-toolbox",
        "The widest: evasion, poisoning, extraction and inference, with defences, for many frameworks.",
        "adversarial-robustness-toolbox",
    ),
    Tool(
        "Foolbox Native",
        "https://github.com/bethgelab/foolbox",
        "Attacks only, the same code for PyTorch, TensorFlow and JAX; a separate criterion defines "
        "success.",
        "foolbox",
    ),
    Tool(
        "CleverHans",
        "https://github.com/cleverhans-lab/cleverhans",
        "The first library, by the authors of FGSM and of the substitute attack; small today.",
        "cleverhans",
    ),
    Tool(
        "AdvBox",
        "https://github.com/advboxes/AdvBox",
        "Baidu's toolbox, for PaddlePaddle and others, with stickers and faces. Not in the cross-check.",
    ),
)
TODAY = (
    Tool(
        "torchattacks",
        "https://github.com/Harry24k/adversarial-attacks-pytorch",
        "Many attacks for PyTorch, one short file each.",
        "torchattacks",
    ),
    Tool(
        "adv_lib",
        "https://github.com/jeromerony/adversarial-library",
        "Batched minimum-norm attacks for PyTorch, such as DDN and its successors.",
        "adv-lib",
    ),
    Tool(
        "AutoAttack",
        "https://github.com/fra31/auto-attack",
        "Four attacks without a parameter to tune: the usual test of a defence. Here: Ensemble.",
    ),
    Tool(
        "RobustBench",
        "https://github.com/RobustBench/robustbench",
        "A ranking of defended models by AutoAttack, with their weights.",
    ),
    Tool(
        "bound-propagation",
        "https://github.com/Zinoex/bound_propagation",
        "Bounds for proofs: IBP and CROWN in PyTorch.",
        "bound-propagation",
    ),
)


def show() -> None:
    """Two lists, each tool with its link."""
    columns = st.columns(2, gap="large")
    lists = (("In deck 001", DECK), ("Today's peers", TODAY))
    for column, (title, tools) in zip(columns, lists, strict=True):
        with column:
            st.markdown(f"## {title}")
            st.markdown("\n".join(f"- [**{t.title}**]({t.link}): {t.purpose}" for t in tools))
