/** Where a method was published. */
export interface Publication {
  readonly authors: string;
  readonly title: string;
  readonly venue: string;
  readonly year: number;
  readonly link: string;
}

/** The publications of the comparison by method; `adaptive` is that of FedAdam and FedYogi. */
export const publications = {
  fedPepTao: {
    authors: "Che, Liu, Zhou, Ren, Zhou, Sheng, Dai, Dou",
    title: "Federated Learning of Large Language Models with Parameter-Efficient Prompt Tuning and Adaptive Optimization",
    venue: "EMNLP",
    year: 2023,
    link: "https://arxiv.org/abs/2310.15080",
  },
  adapter: {
    authors: "Houlsby, Giurgiu, Jastrzebski, Morrone, de Laroussilhe, Gesmundo, Attariyan, Gelly",
    title: "Parameter-Efficient Transfer Learning for NLP",
    venue: "ICML",
    year: 2019,
    link: "https://arxiv.org/abs/1902.00751",
  },
  fedPrompt: {
    authors: "Zhao, Du, Li, Li, Liu",
    title: "FedPrompt: Communication-Efficient and Privacy Preserving Prompt Tuning in Federated Learning",
    venue: "ICASSP",
    year: 2023,
    link: "https://arxiv.org/abs/2208.12268",
  },
  pTuningV2: {
    authors: "Liu, Ji, Fu, Tam, Du, Yang, Tang",
    title: "P-Tuning v2: Prompt Tuning Can Be Comparable to Fine-tuning Universally Across Scales and Tasks",
    venue: "ACL",
    year: 2022,
    link: "https://arxiv.org/abs/2110.07602",
  },
  promptTuning: {
    authors: "Lester, Al-Rfou, Constant",
    title: "The Power of Scale for Parameter-Efficient Prompt Tuning",
    venue: "EMNLP",
    year: 2021,
    link: "https://arxiv.org/abs/2104.08691",
  },
  idpg: {
    authors: "Wu, Wang, Gu, Hou, Dong, Vydiswaran, Ma",
    title: "IDPG: An Instance-Dependent Prompt Generation Method",
    venue: "NAACL",
    year: 2022,
    link: "https://arxiv.org/abs/2204.04497",
  },
  attempt: {
    authors: "Asai, Salehi, Peters, Hajishirzi",
    title: "ATTEMPT: Parameter-Efficient Multi-task Tuning via Attentional Mixtures of Soft Prompts",
    venue: "EMNLP",
    year: 2022,
    link: "https://arxiv.org/abs/2205.11961",
  },
  latePrompt: {
    authors: "Liu, Sun, Huang, Qiu",
    title: "Late Prompt Tuning: A Late Prompt Could Be Better Than Many Prompts",
    venue: "Findings of EMNLP",
    year: 2022,
    link: "https://arxiv.org/abs/2210.11292",
  },
  momD: {
    authors: "Liu, Chen, Chen, Zhang",
    title: "Accelerating Federated Learning via Momentum Gradient Descent",
    venue: "IEEE Transactions on Parallel and Distributed Systems",
    year: 2020,
    link: "https://arxiv.org/abs/1910.03197",
  },
  momSAdamD: {
    authors: "Hsu, Qi, Brown",
    title: "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification",
    venue: "arXiv",
    year: 2019,
    link: "https://arxiv.org/abs/1909.06335",
  },
  lora: {
    authors: "Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang, Chen",
    title: "LoRA: Low-Rank Adaptation of Large Language Models",
    venue: "ICLR",
    year: 2022,
    link: "https://arxiv.org/abs/2106.09685",
  },
  full: {
    authors: "McMahan, Moore, Ramage, Hampson, Agüera y Arcas",
    title: "Communication-Efficient Learning of Deep Networks from Decentralized Data",
    venue: "AISTATS",
    year: 2017,
    link: "https://arxiv.org/abs/1602.05629",
  },
  fedProx: {
    authors: "Li, Sahu, Zaheer, Sanjabi, Talwalkar, Smith",
    title: "Federated Optimization in Heterogeneous Networks",
    venue: "MLSys",
    year: 2020,
    link: "https://arxiv.org/abs/1812.06127",
  },
  scaffold: {
    authors: "Karimireddy, Kale, Mohri, Reddi, Stich, Suresh",
    title: "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning",
    venue: "ICML",
    year: 2020,
    link: "https://arxiv.org/abs/1910.06378",
  },
  adaptive: {
    authors: "Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar, McMahan",
    title: "Adaptive Federated Optimization",
    venue: "ICLR",
    year: 2021,
    link: "https://arxiv.org/abs/2003.00295",
  },
  pTuningV2FineTuned: {
    authors: "Yu, Bagdasaryan, Shmatikov",
    title: "Salvaging Federated Learning by Local Adaptation",
    venue: "arXiv",
    year: 2020,
    link: "https://arxiv.org/abs/2002.04758",
  },
} as const satisfies Readonly<Record<string, Publication>>;
