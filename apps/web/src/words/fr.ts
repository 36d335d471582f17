import { liveScore, ranksText } from "@tutti/core";
import type { EvaluationPoint, Status } from "@tutti/protocol";
import { countsIn, formatsIn } from "./formats.ts";
import type { Words } from "./words.ts";

const formats = formatsIn("fr", [{ one: "octet", other: "octets" }, "ko", "Mo", "Go", "To"]);
const count = countsIn("fr");
const { bytes, whole } = formats;

const tabs = { one: "onglet", other: "onglets" };
const devices = { one: "appareil", other: "appareils" };
const examples = { one: "exemple", other: "exemples" };

const what = (task: string, backbone: string) => `${task} · modèle ${backbone}`;

function roundOf({ round, numRounds }: Status): string {
  return `tour ${Math.max(1, round)} sur ${Math.max(numRounds, round)}`;
}

function ofTexts({ numExamples }: EvaluationPoint): string {
  if (numExamples === undefined) return "sur les textes";
  return numExamples === 1 ? "sur un texte" : `sur ${whole(numExamples)} textes`;
}

function newcomer(point: EvaluationPoint): string {
  const score = point.text === undefined ? null : liveScore(point.text);
  const alone = "avec les seuls paramètres partagés, tout ce qu’a un nouvel appareil.";
  if (score === null) return `de classes justes ${ofTexts(point)} qui n’ont servi à aucun entraînement, ${alone}`;
  return score.metric === "rougeL"
    ? `dit de 0 à 1 à quel point les réponses produites ressemblent aux références, sur des textes qui n’ont servi à aucun entraînement, ${alone}`
    : `de tokens bien prédits ${ofTexts(point)} qui n’ont servi à aucun entraînement, ${alone}`;
}

/** Every sentence in French, to one person whom it calls tu. */
export const french: Words = {
  formats,
  roundOf,
  promise: "Prête cet onglet. Entraînons un modèle de langue ensemble.",
  deviceMeaning: "Un appareil participe avec ses propres exemples ; ton onglet peut en accueillir plusieurs.",
  footer: {
    about:
      "Tutti veut dire « tous ensemble ». Le modèle a été préentraîné ailleurs ; tes exemples restent dans ton onglet. Cette page ne te suit pas.",
    thisServer: "Elle ne parle qu’à ce serveur.",
    otherServer: (host) => `Elle parle à ce serveur et télécharge le modèle depuis ${host}.`,
  },
  pageLinks: { label: "Pages de cette session", join: "Participer", stage: "Scène", try: "Essayer" },
  languageChoice: { label: "Langue", failed: "Le fichier de cette langue n’est pas arrivé. Réessaie." },
  connectionNames: {
    offline: "non connecté",
    connecting: "connexion",
    online: "connecté",
    retrying: "reconnexion",
    unapproved: "en attente d’accès",
  },
  plansCard: {
    title: "Plans",
    heads: ["Appareil", "Vitesse", "Mémoire", "Liaison", "Bits", "Lot", "Rangs × matrices", "Durée", "Inutilisé"],
    cells: ({ deviceId, machine, bits, batchSize, ranks, seconds, memoryBytes, underUse }) => [
      String(deviceId),
      `${formats.number(machine.flopsPerSecond / 1e9)} Gflop/s`,
      `${bytes(memoryBytes)} sur ${bytes(machine.memoryBytes)}`,
      `${bytes(machine.bytesPerSecond)}/s`,
      String(bits),
      String(batchSize),
      ranksText(ranks.filter((rank) => rank > 0)),
      formats.seconds(seconds),
      formats.percent(Math.max(0, underUse)),
    ],
    note:
      "Chaque appareil entraîne autant de parties de faible rang que sa machine et sa liaison le permettent. Chaque onglet indique lui-même vitesse, " +
      "mémoire et liaison ; la durée est celle d’un tour prévue chez lui, et l’inutilisé est le reste du tour.",
    leftOut: (deviceId, reason) => `L’appareil ${deviceId} ne joue pas ce tour : ${reason}.`,
  },
  landing: {
    lead:
      "Beaucoup d’onglets entraînent ensemble un même modèle de langue, chacun avec ses exemples. Si tu participes, cet onglet télécharge le modèle " +
      "une fois. À chaque tour où il est choisi, il s’entraîne sur ses exemples et renvoie les paramètres qu’il a entraînés.",
    sentTitle: "Ce qui est envoyé",
    sent: "Les paramètres que cet onglet entraîne dans les couches partagées, et des mesures comme la perte, l’exactitude et le nombre d’exemples.",
    sentMachine:
      " Si la session planifie pour chaque appareil, le serveur apprend aussi la vitesse de cet ordinateur et de sa connexion et sa mémoire approximative, et tout le monde dans la session peut les voir.",
    sentCopy:
      " Le serveur garde aussi une copie des paramètres des autres couches, pour qu’un autre onglet puisse continuer quand celui-ci se ferme.",
    keptTitle: "Ce qui reste ici",
    kept: "Les exemples et tout le reste de cet ordinateur. Pour arrêter, ferme l’onglet.",
    keptWithLayers:
      "Les exemples, les paramètres de toutes les autres couches et tout le reste de cet ordinateur. Pour arrêter, ferme l’onglet.",
    join: "Participer",
    codeWord: "Code",
    codeWordNote: "Il est dans le lien que tu as reçu, ou bien l’organisation te le donne.",
    needsInvitation:
      "Cette session est sur invitation. Ouvre le lien de ton invitation pour participer ; chaque lien laisse entrer un navigateur.",
    finished: "Cette session est terminée : il n’y a plus rien à entraîner. Merci à toutes les personnes qui ont participé.",
    looking: "Recherche de la session…",
    what,
    run: (task, backbone, numTabs) =>
      `${what(task, backbone)} · ${numTabs === 0 ? "aucun onglet connecté pour l’instant" : count(numTabs, { one: "onglet connecté", other: "onglets connectés" })}`,
    whichExamples: "Sur quels exemples cet onglet doit-il s’entraîner ?",
    share: "Une part des exemples de la session",
    shareNote: "Rien à préparer.",
    ownFile: "Mon propre fichier",
    ownFileNote: "Le fichier reste dans cet onglet. Le serveur apprend seulement combien d’exemples il contient.",
    countsUpTo: (limit) => ` Il compte au plus pour ${count(limit, examples)}.`,
    ownFileKind: "Un fichier CSV, TSV ou JSON Lines, en UTF-8, avec les colonnes",
    and: "et",
    classes: (names) => (names.length === 0 ? "" : `Chaque étiquette est l’une de : ${names.join(", ")}.`),
    insecure:
      "Cette page est arrivée en simple http : le navigateur ne lui donne ni le GPU ni plus d’un fil d’exécution. L’entraînement marche, mais en " +
      "général plus lentement. En https, la page peut utiliser les deux là où l’ordinateur les a, et garder l’écran allumé.",
  },
  preview: { text: "Texte", label: "Étiquette" },
  fileProblems: {
    tooLarge: (file, numBytes, maxBytes) =>
      `${file} fait ${bytes(numBytes)} ; cette page lit au plus ${bytes(maxBytes)}. Prends-en une plus petite partie.`,
    tooManyRows: (file, numRows, maxRows) =>
      `${file} a ${count(numRows, { one: "ligne", other: "lignes" })} ; cette page en prend au plus ${whole(maxRows)}. Prends-en une plus petite partie.`,
    textTask: (title) =>
      `« ${title} » demande des réponses en mots, et cette page ne lit que des fichiers avec une étiquette par texte. Prends une part des exemples de la session.`,
  },
  runProblems: {
    silent: "Le coordinateur, le serveur de cette session, ne répond pas. Tu peux quand même participer : la page continue d’essayer.",
    status: (code) =>
      `Le coordinateur, le serveur de cette session, a répondu par une erreur (HTTP ${code}). Tu peux quand même participer : la page continue d’essayer.`,
    notUnderstood: "Cette page ne comprend pas la réponse du coordinateur ; elle est peut-être plus ancienne que le serveur. Recharge-la.",
  },
  stageNames: {
    score: "Recherche des couches importantes",
    count: "Recherche du nombre de couches à partager",
    train: "Entraînement",
  },
  phaseNames: {
    backend: "Choix du GPU ou du CPU",
    backbone: "Téléchargement du modèle de langue",
    tokenizer: "Téléchargement du tokenizer",
    dataset: "Chargement des exemples de cet onglet",
    admission: "Vérification des calculs de cet ordinateur",
  },
  headlines: {
    connecting: "Connexion à la session",
    unapproved: "En attente d’accès",
    loading: "Préparation",
    waitingForDevice: "Prêt, en attente d’un appareil",
    waitingForTurn: "Prêt, en attente du tour de cet onglet",
    pausing: "Encore cette tâche, puis pause",
    paused: "En pause",
    retrying: "Le coordinateur ne répond pas",
    replaced: "Un autre onglet a pris le relais",
    finished: "La session est terminée",
    left: "Tu as quitté la session",
    reload: "Cette page n’est plus à jour",
    failed: "Cet onglet ne peut pas participer",
    evaluate: "Test du modèle",
    score: "Évaluation des couches",
    probe: "Mesure du nombre de couches nécessaires",
    train: "Entraînement sur les exemples de cet onglet",
    logits: "Lecture avec le grand modèle",
    distil: "Distillation du grand modèle dans le petit",
    answers: "Réponse aux messages du rapport",
  },
  explanations: {
    unapproved: "L’organisation de cette session laisse entrer chaque onglet. Laisse celui-ci ouvert : il commencera tout seul.",
    paused: "Cet onglet ne reçoit plus de travail jusqu’à ce que tu reprennes.",
    retrying:
      "Le serveur redémarre peut-être, ou le réseau est coupé. Cet onglet garde son travail et se reconnecte tout seul ; laisse-le ouvert.",
    replaced:
      "Un autre onglet ou une autre fenêtre de ce navigateur a pris la place. Ferme cet onglet, ou utilise-le à la place de l’autre.",
    leftKept: "Merci. Ce navigateur garde ta place au cas où tu reviendrais.",
    deleted: ({ numStates, numControls, numContributions, numSummed }) => {
      const gone = `${count(numStates, { one: "état privé", other: "états privés" })}, ${count(numControls, { one: "variable de contrôle", other: "variables de contrôle" })} et ${count(numContributions, { one: "contribution pas encore additionnée", other: "contributions pas encore additionnées" })}`;
      const stays =
        numSummed === 0
          ? "Rien de cet onglet n’est dans le modèle."
          : `${count(numSummed, { one: "contribution de ses appareils avait déjà été additionnée", other: "contributions de ses appareils avaient déjà été additionnées" })} : cela fait partie du modèle et ne peut pas en être retiré.`;
      return `Le serveur a supprimé ${gone}, ainsi que la clé et le nom de cet onglet ; ce navigateur a supprimé ses appareils. ${stays}`;
    },
    leftNotKept: "Merci. Ce navigateur n’a rien gardé : si tu reviens, cet onglet recommencera au début.",
    reloadKept: "Le coordinateur a une autre version de cette page. Recharge-la ; le travail de cet onglet est conservé.",
    reloadNotKept:
      "Le coordinateur a une autre version de cette page. Recharge-la ; cet onglet recommencera au début, car ce navigateur ne garde rien.",
    removed: "L’organisation a retiré cet onglet de la session.",
    finished: "Merci d’avoir prêté cet onglet. Tu peux le fermer.",
    notBegun: "La session commence quand assez d’appareils ont rejoint.",
    everyRound: "Tous les appareils participent à chaque tour. Laisse cet onglet ouvert.",
    someRounds: "À chaque tour, le coordinateur tire quelques appareils au sort. Laisse cet onglet ouvert : son tour peut venir.",
    noDevice: "D’autres onglets ont tous les appareils de cette session. Laisse cet onglet ouvert : il aura le prochain qui se libère.",
  },
  notices: {
    reset: "Le coordinateur n’a plus le travail précédent de cet onglet, qui repart donc des paramètres partagés. Tu n’as rien à faire.",
    chooseAgain: (isKept) =>
      `Cette page a été rechargée, et tes exemples n’étaient que dans cet onglet. Choisis de nouveau le même fichier ; l’onglet ${
        isKept ? "reprendra où il en était." : "recommencera au début, car ce navigateur ne garde rien."
      }`,
    notKept: (reason, wasReloaded) =>
      `Ce navigateur ne garde rien du travail de cet onglet (${reason}). ${
        wasReloaded
          ? "Il a été perdu au rechargement, et l’onglet a recommencé au début."
          : "Après un rechargement, l’onglet recommencera au début."
      }`,
    storageBlocked: "ses réglages l’interdisent ; autorise ce site à enregistrer des données",
    noStorage: "il n’offre pas de stockage",
    unknownReason: "il ne dit pas pourquoi",
    noDatabase: "il n’a pas ouvert de base de données pour cette page",
    oldDatabase: "un autre onglet tient une version plus ancienne des données de cette page ; ferme-le et recharge celui-ci",
    threadsStuck: (numThreads, seconds) =>
      `${whole(numThreads)} fils d’exécution n’ont pas démarré en ${whole(seconds)} s : cet onglet n’en utilise qu’un`,
    stuck: (backend, seconds) => `le moteur ${backend} n’a pas démarré en ${whole(seconds)} s ; recharge cette page`,
    gpuStuck: (seconds) => `le GPU n’a pas démarré en ${whole(seconds)} s : cet onglet utilise le CPU`,
  },
  runPage: {
    runTitle: "La session",
    notBegun: "La session n’a pas encore commencé.",
    here: ({ numConnected, numDevices }) => `${count(numConnected, tabs)}, ${count(numDevices, devices)}`,
    resets: ({ count: numResets, last }) =>
      `${count(numResets, { one: "appareil est reparti", other: "appareils sont repartis" })} des prompts partagés ; le dernier : ${last}.`,
    staffNote: "Chaque note est un tour ; plus elle est haute, plus la perte est faible.",
    layersTitle: "Couches",
    layersNote: "Plus la barre est haute, plus la couche compte.",
    noLayersYet: "La session n’a pas encore choisi de couches. D’ici là, elle les partage toutes.",
    shared: "partagée",
    notShared: "non partagée",
    lossTitle: "Perte de cet onglet",
    noLossYet: "La courbe commence au premier pas d’entraînement.",
    lossNote: "Lissée sur environ cinq pas ; plus c’est bas, mieux c’est.",
    working: "Travail en cours",
    taskProgress: "Avancement de cette tâche",
    downloadProgress: "Avancement du téléchargement",
    stepOf: (step, numSteps) => `pas ${whole(step)} sur ${whole(numSteps)}`,
    taskOf: (deviceId, round) => `appareil ${deviceId}, tour ${round}`,
    tasksDone: (numTasks) => `${count(numTasks, { one: "tâche faite", other: "tâches faites" })} dans cet onglet`,
    downloaded: (numBytes, totalBytes) => `${bytes(numBytes)} sur ${bytes(totalBytes)}`,
    pace: (bytesPerSecond, secondsLeft) => `${bytes(bytesPerSecond)}/s · encore ${formats.seconds(Math.round(secondsLeft))}`,
  },
  buttons: {
    reload: "Recharger",
    tryAgain: "Réessayer",
    newRun: "Chercher une nouvelle session",
    useThisTab: "Utiliser cet onglet",
    joinAgain: "Participer de nouveau",
    resume: "Reprendre",
    pause: "Pause",
    leave: "Quitter",
    leaveAndDelete: "Quitter et supprimer mes données",
  },
  traffic: {
    title: "Échanges de cet onglet",
    sent: "envoyé",
    saved: "économisé en envoyant moins",
    received: "reçu",
    note: "Le téléchargement du modèle n’est pas compté. Économisé : par rapport à l’envoi de toutes les couches, quatre octets par nombre.",
  },
  computer: {
    title: "Cet ordinateur",
    backend: "calcule sur",
    devices: "appareils ici",
    noDevices: "aucun pour l’instant",
    examples: "exemples ici",
    notYet: "S’affiche quand cet onglet est prêt.",
    backendName(backend, threads) {
      if (backend === "webgpu") return "GPU";
      return backend === "cpu" ? "CPU, JavaScript seul" : `CPU, ${count(threads, { one: "fil d’exécution", other: "fils d’exécution" })}`;
    },
  },
  results: {
    title: "Résultats",
    newcomer,
    scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "exactitude par token" },
    personalised: "sur les appareils qui ont participé, avec leurs propres paramètres",
    zeroShot: "avant tout entraînement",
    ofTexts,
  },
  figures: {
    noRound: "Pas encore de tour",
    round: (round) => `La session en est au ${round}`,
    noScores: "Pas encore de scores de couches",
    scores: (list, selected) =>
      `Scores : ${list}. ${selected === null ? "Aucune couche choisie pour l’instant" : `Couches partagées : ${selected.join(", ") || "aucune"}`}.`,
    score: (layer, score) => `couche ${layer} : ${score === null ? "sans score" : formats.digits(score, 3)}`,
    noLoss: "Pas encore de perte",
    loss: (first, latest) => `Perte d’entraînement : ${first} au début, ${latest} maintenant`,
    tabs: (numTabs) => count(numTabs, tabs),
  },
  stage: { title: "La scène" },
  tryPage: { title: "Essaie le modèle" },
};
