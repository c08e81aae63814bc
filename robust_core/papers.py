"""The papers that introduce the methods, and those that break them, by first author."""

from robust_core.parameters import Paper

ANDRIUSHCHENKO = Paper(
    "Andriushchenko, Croce, Flammarion, Hein",
    2020,
    "Square attack: a query-efficient black-box adversarial attack via random search",
    "https://arxiv.org/abs/1912.00049",
)
ATHALYE = Paper(
    "Athalye, Carlini, Wagner",
    2018,
    "Obfuscated gradients give a false sense of security",
    "https://arxiv.org/abs/1802.00420",
)
ATHALYE_EOT = Paper(
    "Athalye, Engstrom, Ilyas, Kwok",
    2018,
    "Synthesizing robust adversarial examples",
    "https://arxiv.org/abs/1707.07397",
)
BASTANI = Paper(
    "Bastani, Ioannou, Lampropoulos, Vytiniotis, Nori, Criminisi",
    2016,
    "Measuring neural net robustness with constraints",
    "https://arxiv.org/abs/1605.07262",
)
BRENDEL = Paper(
    "Brendel, Bethge",
    2017,
    'Comment on "Biologically inspired protection of deep networks from adversarial attacks"',
    "https://arxiv.org/abs/1704.01547",
)
BRENDEL_BOUNDARY = Paper(
    "Brendel, Rauber, Bethge",
    2018,
    "Decision-based adversarial attacks: reliable attacks against black-box machine learning models",
    "https://arxiv.org/abs/1712.04248",
)
BROWN = Paper(
    "Brown, Mané, Roy, Abadi, Gilmer",
    2017,
    "Adversarial patch",
    "https://arxiv.org/abs/1712.09665",
)
BRYNIARSKI = Paper(
    "Bryniarski, Hingun, Pachuca, Wang, Carlini",
    2021,
    "Evading adversarial example detection defenses with orthogonal projected gradient descent",
    "https://arxiv.org/abs/2106.15023",
)
BYPASSING = Paper(
    "Carlini, Wagner",
    2017,
    "Adversarial examples are not easily detected: bypassing ten detection methods",
    "https://arxiv.org/abs/1705.07263",
)
CARLINI = Paper(
    "Carlini, Wagner",
    2017,
    "Towards evaluating the robustness of neural networks",
    "https://arxiv.org/abs/1608.04644",
)
CHEN = Paper(
    "Chen, Jordan, Wainwright",
    2020,
    "HopSkipJumpAttack: a query-efficient decision-based attack",
    "https://arxiv.org/abs/1904.02144",
)
CINA = Paper(
    "Cinà, Villani, Pintor, Schönherr, Biggio, Pelillo",
    2025,
    "σ-zero: gradient-based optimization of ℓ0-norm adversarial examples",
    "https://arxiv.org/abs/2402.01879",
)
COHEN = Paper(
    "Cohen, Rosenfeld, Kolter",
    2019,
    "Certified adversarial robustness via randomized smoothing",
    "https://arxiv.org/abs/1902.02918",
)
CROCE = Paper(
    "Croce, Hein",
    2020,
    "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
    "https://arxiv.org/abs/2003.01690",
)
DONG = Paper(
    "Dong, Liao, Pang, Su, Zhu, Hu, Li",
    2018,
    "Boosting adversarial attacks with momentum",
    "https://arxiv.org/abs/1710.06081",
)
DONG_TRANSLATION = Paper(
    "Dong, Pang, Su, Zhu",
    2019,
    "Evading defenses to transferable adversarial examples by translation-invariant attacks",
    "https://arxiv.org/abs/1904.02884",
)
DZIUGAITE = Paper(
    "Dziugaite, Ghahramani, Roy",
    2016,
    "A study of the effect of JPG compression on adversarial images",
    "https://arxiv.org/abs/1608.00853",
)
DUAN = Paper(
    "Duan, Ma, Wang, Bailey, Qin, Yang",
    2020,
    "Adversarial camouflage: hiding physical-world attacks with natural styles",
    "https://arxiv.org/abs/2003.08757",
)
EYKHOLT = Paper(
    "Eykholt, Evtimov, Fernandes, Li, Rahmati, Xiao, Prakash, Kohno, Song",
    2018,
    "Robust physical-world attacks on deep learning visual classification",
    "https://arxiv.org/abs/1707.08945",
)
FINLAY = Paper(
    "Finlay, Oberman",
    2021,
    "Scaleable input gradient regularization for adversarial robustness",
    "https://arxiv.org/abs/1905.11468",
)
GOODFELLOW = Paper(
    "Goodfellow, Shlens, Szegedy",
    2015,
    "Explaining and harnessing adversarial examples",
    "https://arxiv.org/abs/1412.6572",
)
GOWAL = Paper(
    "Gowal, Uesato, Qin, Huang, Mann, Kohli",
    2019,
    "An alternative surrogate loss for PGD-based adversarial testing",
    "https://arxiv.org/abs/1910.09338",
)
GOWAL_IBP = Paper(
    "Gowal, Dvijotham, Stanforth, Bunel, Qin, Uesato, Arandjelovic, Mann, Kohli",
    2018,
    "On the effectiveness of interval bound propagation for training verifiably robust models",
    "https://arxiv.org/abs/1810.12715",
)
GUO = Paper(
    "Guo, Rana, Cisse, van der Maaten",
    2018,
    "Countering adversarial images using input transformations",
    "https://arxiv.org/abs/1711.00117",
)
GUO_SIMBA = Paper(
    "Guo, Gardner, You, Wilson, Weinberger",
    2019,
    "Simple black-box adversarial attacks",
    "https://arxiv.org/abs/1905.07121",
)
ILYAS = Paper(
    "Ilyas, Engstrom, Athalye, Lin",
    2018,
    "Black-box adversarial attacks with limited queries and information",
    "https://arxiv.org/abs/1804.08598",
)
KATZ = Paper(
    "Katz, Barrett, Dill, Julian, Kochenderfer",
    2017,
    "Reluplex: an efficient SMT solver for verifying deep neural networks",
    "https://arxiv.org/abs/1702.01135",
)
KURAKIN = Paper(
    "Kurakin, Goodfellow, Bengio",
    2017,
    "Adversarial examples in the physical world",
    "https://arxiv.org/abs/1607.02533",
)
KURAKIN_SCALE = Paper(
    "Kurakin, Goodfellow, Bengio",
    2017,
    "Adversarial machine learning at scale",
    "https://arxiv.org/abs/1611.01236",
)
LECUYER = Paper(
    "Lecuyer, Atlidakis, Geambasu, Hsu, Jana",
    2019,
    "Certified robustness to adversarial examples with differential privacy",
    "https://arxiv.org/abs/1802.03471",
)
LU = Paper(
    "Lu, Issaranon, Forsyth",
    2017,
    "SafetyNet: detecting and rejecting adversarial examples robustly",
    "https://arxiv.org/abs/1704.00103",
)
LIAO = Paper(
    "Liao, Liang, Dong, Pang, Hu, Zhu",
    2018,
    "Defense against adversarial attacks using high-level representation guided denoiser",
    "https://arxiv.org/abs/1712.02976",
)
MADRY = Paper(
    "Madry, Makelov, Schmidt, Tsipras, Vladu",
    2018,
    "Towards deep learning models resistant to adversarial attacks",
    "https://arxiv.org/abs/1706.06083",
)
MAHO = Paper(
    "Maho, Furon, Le Merrer",
    2021,
    "SurFree: a fast surrogate-free black-box attack",
    "https://arxiv.org/abs/2011.12807",
)
METZEN = Paper(
    "Metzen, Genewein, Fischer, Bischoff",
    2017,
    "On detecting adversarial perturbations",
    "https://arxiv.org/abs/1702.04267",
)
MOOSAVI = Paper(
    "Moosavi-Dezfooli, Fawzi, Frossard",
    2016,
    "DeepFool: a simple and accurate method to fool deep neural networks",
    "https://arxiv.org/abs/1511.04599",
)
NAYEBI = Paper(
    "Nayebi, Ganguli",
    2017,
    "Biologically inspired protection of deep networks from adversarial attacks",
    "https://arxiv.org/abs/1703.09202",
)
PAPERNOT = Paper(
    "Papernot, McDaniel, Wu, Jha, Swami",
    2016,
    "Distillation as a defense to adversarial perturbations against deep neural networks",
    "https://arxiv.org/abs/1511.04508",
)
PAPERNOT_BLACK_BOX = Paper(
    "Papernot, McDaniel, Goodfellow, Jha, Celik, Swami",
    2017,
    "Practical black-box attacks against machine learning",
    "https://arxiv.org/abs/1602.02697",
)
PAPERNOT_SALIENCY = Paper(
    "Papernot, McDaniel, Jha, Fredrikson, Celik, Swami",
    2016,
    "The limitations of deep learning in adversarial settings",
    "https://arxiv.org/abs/1511.07528",
)
PEARSON = Paper(
    "Pearson",
    1901,
    "On lines and planes of closest fit to systems of points in space",
    "https://doi.org/10.1080/14786440109462720",
)
PINTOR = Paper(
    "Pintor and others",
    2022,
    "Indicators of attack failure: debugging and improving optimization of adversarial examples",
    "https://arxiv.org/abs/2106.09947",
)
PINTOR_FMN = Paper(
    "Pintor, Roli, Brendel, Biggio",
    2021,
    "Fast minimum-norm adversarial attacks through adaptive norm constraints",
    "https://arxiv.org/abs/2102.12827",
)
QIN = Paper(
    "Qin, Frosst, Sabour, Raffel, Cottrell, Hinton",
    2020,
    "Detecting and diagnosing adversarial images with class-conditional capsule reconstructions",
    "https://arxiv.org/abs/1907.02957",
)
RONY = Paper(
    "Rony, Hafemann, Oliveira, Ben Ayed, Sabourin, Granger",
    2019,
    "Decoupling direction and norm for efficient gradient-based L2 adversarial attacks and defenses",
    "https://arxiv.org/abs/1811.09600",
)
QIN_DEFLECTING = Paper(
    "Qin, Frosst, Raffel, Cottrell, Hinton",
    2020,
    "Deflecting adversarial attacks",
    "https://arxiv.org/abs/2002.07405",
)
RUAN = Paper(
    "Ruan, Yi, Huang",
    2021,
    "Adversarial robustness of deep learning: theory, algorithms, and applications",
    "https://arxiv.org/abs/2108.10451",
)
SALMAN = Paper(
    "Salman, Yang, Li, Zhang, Zhang, Razenshteyn, Bubeck",
    2019,
    "Provably robust deep learning via adversarially trained smoothed classifiers",
    "https://arxiv.org/abs/1906.04584",
)
SELVARAJU = Paper(
    "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra",
    2017,
    "Grad-CAM: visual explanations from deep networks via gradient-based localization",
    "https://arxiv.org/abs/1610.02391",
)
SHAFAHI = Paper(
    "Shafahi, Najibi, Xu, Dickerson, Davis, Goldstein",
    2020,
    "Universal adversarial training",
    "https://arxiv.org/abs/1811.11304",
)
SZEGEDY = Paper(
    "Szegedy, Zaremba, Sutskever, Bruna, Erhan, Goodfellow, Fergus",
    2014,
    "Intriguing properties of neural networks",
    "https://arxiv.org/abs/1312.6199",
)
TJENG = Paper(
    "Tjeng, Xiao, Tedrake",
    2019,
    "Evaluating robustness of neural networks with mixed integer programming",
    "https://arxiv.org/abs/1711.07356",
)
TRAMER = Paper(
    "Tramèr, Boneh",
    2019,
    "Adversarial training and robustness for multiple perturbations",
    "https://arxiv.org/abs/1904.13000",
)
UNIVERSAL = Paper(
    "Moosavi-Dezfooli, Fawzi, Fawzi, Frossard",
    2017,
    "Universal adversarial perturbations",
    "https://arxiv.org/abs/1610.08401",
)
WONG = Paper(
    "Wong, Rice, Kolter",
    2020,
    "Fast is better than free: revisiting adversarial training",
    "https://arxiv.org/abs/2001.03994",
)
XIE = Paper(
    "Xie, Wang, Zhang, Ren, Yuille",
    2018,
    "Mitigating adversarial effects through randomization",
    "https://arxiv.org/abs/1711.01991",
)
XIE_DIVERSITY = Paper(
    "Xie, Zhang, Zhou, Bai, Wang, Ren, Yuille",
    2019,
    "Improving transferability of adversarial examples with input diversity",
    "https://arxiv.org/abs/1803.06978",
)
XU = Paper(
    "Xu, Evans, Qi",
    2018,
    "Feature squeezing: detecting adversarial examples in deep neural networks",
    "https://arxiv.org/abs/1704.01155",
)
XU_FAST = Paper(
    "Xu, Zhang, Wang, Wang, Jana, Lin, Hsieh",
    2021,
    "Fast and complete: enabling complete verification with rapid and massively parallel incomplete "
    "verifiers",
    "https://arxiv.org/abs/2011.13824",
)
ZHANG_CROWN = Paper(
    "Zhang, Weng, Chen, Hsieh, Daniel",
    2018,
    "Efficient neural network robustness certification with general activation functions",
    "https://arxiv.org/abs/1811.00866",
)
