"""The panel of scores of the page Detectors, as HTML, and the styles of its pictures."""

from html import escape

from robust_core.dashboard.detector_choice import BADGES
from robust_core.experiment.detection import scores
from robust_core.experiment.panel import Panel

CSS = """<style>
.chain { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr);
  font-size: 0.8rem; line-height: 1.3; }
.chain > div {
  display: flex; flex-direction: column; align-items: center; text-align: center; min-width: 0;
}
.chain small { opacity: 0.75; }
.chain .stage {
  height: 70px; width: 100%; display: flex; align-items: center; justify-content: center;
  position: relative;
}
.chain .stage::before {
  content: ""; position: absolute; inset: 50% 0 auto; border-top: 1.5px solid #8C8C8C;
}
.chain > div:first-child .stage::before { left: 50%; }
.chain > div:last-child .stage::before { right: 50%; }
.chain .slab { position: relative; background: #BFBFBF; border: 1.5px solid #8C8C8C; border-radius: 2px; }
.chain .here .slab { background: #CC79A7; border-color: currentColor; }
.st-key-point [role=radiogroup] { display: grid; grid-template-columns: repeat(6, 1fr); gap: 2px; }
.st-key-point [role=radio] { min-width: 0; padding: 2px 0; }
.panel { display: grid; grid-template-columns: max-content 1fr 1fr max-content; gap: 0.15rem 0.9rem;
  align-items: center; font-size: 0.875rem; line-height: 1.5; max-width: 62rem; }
.panel > [role=row] { display: contents; }
.panel b.here { border-left: 4px solid #CC79A7; padding-left: 0.4rem; }
.panel b { font-weight: 600; padding-left: calc(0.4rem + 4px); }
.panel .score { display: grid; grid-template-columns: 1fr 5.6rem; gap: 0.5rem; align-items: center; }
.panel .bar {
  position: relative; height: 1.05rem;
  background: color-mix(in srgb, currentColor 9%, transparent);
}
.panel .bar i { position: absolute; inset: 15% auto 15% 0; background: #0072B2; }
.panel .bar i.adversarial {
  background: repeating-linear-gradient(-45deg, #D55E00 0 4px, #D55E0080 4px 7px);
}
.panel .bar s { position: absolute; inset: 0 auto; border-left: 2px dashed currentColor; }
@media (max-width: 640px) {
  .panel { display: block; }
  .panel > [role=row] {
    display: grid; grid-template: "name said" "before after" / 1fr 1fr; gap: 0 0.6rem;
    padding-bottom: 0.4rem;
  }
  .panel > [role=row] > :nth-child(1) { grid-area: name; }
  .panel > [role=row] > :nth-child(2) { grid-area: before; }
  .panel > [role=row] > :nth-child(3) { grid-area: after; }
  .panel > [role=row] > :nth-child(4) { grid-area: said; text-align: right; }
  .panel .score { grid-template-columns: 1fr 3.6rem; }
  .chain { font-size: 0.75rem; }
}
</style>"""


def table(panel: Panel, titles: dict[str, str], here: set[str]) -> str:
    """A row for each detector: its name, two scores as bars with the threshold across, and its answer.

    Those in ``here`` are marked.
    """
    head = "".join(
        f"<small class=head role=columnheader>{word}</small>"
        for word in ("detector", "clean picture", "adversarial picture", "answer")
    )
    rows: list[str] = []
    for name, said in panel.said.items():
        mark = " class=here" if name in here else ""
        words = scores(said.clean, said.adversarial, said.threshold)
        cells = "".join(
            f"<span class=score role=cell><span class=bar title='threshold {words[2]}'>"
            f"<i class={kind} style='width:{100 * value:.2f}%'></i>"
            f"<s style='left:{100 * said.threshold:.2f}%'></s></span><span>{word}</span></span>"
            for kind, value, word in (
                ("clean", said.clean, words[0]),
                ("adversarial", said.adversarial, words[1]),
            )
        )
        answer = BADGES[said.flagged] + (", false alarm" if said.flagged_clean else "")
        answer = f"<strong>{answer}</strong>" if said.flagged else answer
        answer += f" <small>above {words[2]}</small>"
        rows.append(
            f"<div role=row><b role=rowheader{mark}>{escape(titles[name])}</b>{cells}"
            f"<span class=said role=cell title='threshold {words[2]}'>{answer}</span></div>"
        )
    label = "Each detector's scores before and after the attack, from 0 to 1."
    body = f"<div role=row>{head}</div>{''.join(rows)}"
    return f"<div class=panel role=table aria-label='{label}'>{body}</div>"
