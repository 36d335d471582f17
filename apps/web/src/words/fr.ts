import { liveScore, ranksText } from "@tutti/core";
import type { EvaluationPoint, Status } from "@tutti/protocol";
import { roundedSeconds } from "../join/estimates.ts";
import { countsIn, formatsIn } from "./formats.ts";
import type { Words } from "./sentences.ts";

const formats = formatsIn("fr", [{ one: "octet", other: "octets" }, "ko", "Mo", "Go", "To"]);
const count = countsIn("fr");
const { bytes, whole } = formats;

const tabs = { one: "onglet", other: "onglets" };
const devices = { one: "appareil", other: "appareils" };
const examples = { one: "exemple", other: "exemples" };

const energyKinds = { phone: "téléphone", tablet: "tablette", laptop: "ordinateur portable", computer: "ordinateur portable ou de bureau" };
const wattHours = (value: number) => formats.fixed(value, value >= 10 ? 0 : value >= 1 ? 1 : 2);
const threadForms = { one: "fil d’exécution", other: "fils d’exécution" };
const rows = { one: "ligne", other: "lignes" };
const texts = { one: "texte", other: "textes" };
const backends = { webgpu: "Le GPU", wasm: "Le CPU", cpu: "Le CPU en JavaScript seul" };

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
  roundOf,
  promise: "Prête cet onglet. Entraînons un modèle de langue ensemble.",
  deviceMeaning: "Un appareil participe avec ses propres exemples ; ton onglet peut en accueillir plusieurs.",
  footer: {
    about:
      "Tutti veut dire « tous ensemble ». Le modèle a été préentraîné ailleurs ; les exemples restent dans l’onglet qui s’entraîne avec eux.",
    thisServer: "Elle ne parle qu’à ce serveur.",
    otherServer: (host) => `Elle parle à ce serveur et télécharge le modèle depuis ${host}.`,
  },
  pageLinks: {
    label: "Pages de cette session",
    join: "Participer",
    stage: "Scène",
    try: "Essayer",
    elsewhere: "(ouvre un autre onglet)",
  },
  formats,
  languageChoice: { label: "Langue", failed: "Le fichier de cette langue n’est pas arrivé. Réessaie." },
  connectionNames: {
    offline: "non connecté",
    connecting: "connexion",
    online: "connecté",
    retrying: "reconnexion",
    unapproved: "en attente d’accès",
    stopped: "la session est arrêtée",
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
  },
  taskTitles: {
    "feedback/sentiment": "Avis de clients : éloge ou plainte ?",
    "feedback/topic": "Avis de clients : de quoi parlent-ils ?",
    replies: "Avis de clients : que répondrais-tu ?",
  },
  landing: {
    lead: "Appuie sur « Participer » : cet onglet entraîne alors une petite partie du modèle sur ses exemples, et renvoie ce qu’il a appris. Tu peux faire une pause ou quitter à tout moment.",
    join: "Participer",
    joinHereToo: "Participer ici aussi",
    downloads: (newBytes, keptBytes) => {
      if (newBytes === 0) return "Rien à télécharger : ce navigateur a déjà tout.";
      const rest = keptBytes === 0 ? ", une fois" : ` ; les ${bytes(keptBytes)} restants sont déjà ici`;
      return `Télécharge ${bytes(newBytes)}${rest}.`;
    },
    codeWord: "Code",
    codeWordNote: "Il est dans le lien que tu as reçu, ou bien l’organisation te le donne.",
    name: "Ton nom dans cette session",
    nameNote: "Facultatif. Tout le monde dans la session peut le voir ; ce navigateur le garde.",
    needsInvitation:
      "Cette session est sur invitation. Ouvre le lien de ton invitation pour participer ; chaque lien laisse entrer un navigateur.",
    finished: "Cette session est terminée",
    finishedNote:
      "Il n’y a plus rien à entraîner. Merci à toutes les personnes qui ont participé. Regarde comment le modèle a appris, ou laisse-le te répondre.",
    seeResults: "Voir les résultats",
    tryModel: "Essayer le modèle",
    looking: "Recherche de la session…",
    whichExamples: "Sur quels exemples cet onglet doit-il s’entraîner ?",
    share: "Une part des exemples de la session",
    shareNote: "Rien à préparer.",
    own: "Mes propres exemples",
    ownNote: "Tapés, collés ou tirés d’un fichier. Ils restent dans ce navigateur ; le serveur apprend seulement combien il y en a.",
    countsUpTo: (limit) => ` Ils comptent au plus pour ${count(limit, examples)}.`,
    needsExamples: "Ajoute d’abord au moins un exemple.",
    textTask: (title) =>
      `« ${title} » demande des réponses en mots, et cette page ne prend tes exemples que si chacun a une étiquette. Prends une part des exemples de la session.`,
  },
  programme: {
    title: "Cette session",
    purpose: "Pourquoi",
    host: "Par qui",
    nobodySaid: (address) => `Le serveur ${address} ; il ne donne pas de nom.`,
    model: "Modèle",
    download: "Téléchargement",
    downloadOf: (modelBytes, scriptBytes) => `${bytes(modelBytes)} de modèle et ${bytes(scriptBytes)} de script, une fois`,
    downloadLeft: (newBytes, keptBytes) =>
      newBytes === 0
        ? `Rien : ${bytes(keptBytes)} sont déjà dans ce navigateur`
        : `${bytes(newBytes)} ; ${bytes(keptBytes)} sont déjà dans ce navigateur`,
    modelUnknown: "La taille du modèle n’est pas encore connue.",
    duration: "Durée",
    waiting: (steps) =>
      `Pas encore commencé ; ${count(steps, { one: "étape", other: "étapes" })} à faire. Leur durée sera connue après le premier pas d’entraînement.`,
    running: (numDone, numSteps) =>
      `${whole(numDone)} sur ${count(numSteps, { one: "étape faite", other: "étapes faites" })}. La durée du reste sera connue après le premier pas d’entraînement.`,
    left: (seconds, numDone, numSteps) =>
      `Encore environ ${formats.seconds(seconds)} ; ${whole(numDone)} sur ${count(numSteps, { one: "étape faite", other: "étapes faites" })}.`,
    unknown: "Jusqu’à la fin de la session, ou jusqu’à ce que tu quittes.",
    here: "Présents",
    tabs: (numTabs) => (numTabs === 0 ? "Personne pour l’instant" : count(numTabs, tabs)),
  },
  privacy: {
    sentTitle: "Ce qui quitte cet onglet",
    parameters: "Les paramètres qu’il entraîne dans les couches partagées.",
    measurements: "Des mesures : la perte, l’exactitude, le nombre d’exemples, et avec quoi il calcule.",
    states:
      "Une copie des paramètres de ses propres couches, gardée sur le serveur pour qu’un autre onglet puisse continuer quand celui-ci se ferme.",
    machine: "La vitesse de cet ordinateur et de sa connexion, et sa mémoire approximative. Tout le monde dans la session peut les voir.",
    maybeMachine: "Si la session planifie pour chaque appareil : la vitesse de cet ordinateur et sa mémoire approximative.",
    name: "Ton nom, si tu en donnes un.",
    neverTitle: "Ce qui ne le quitte jamais",
    examples: "Tes exemples : pas un mot.",
    layers: "Les paramètres des couches qui ne sont pas partagées.",
    rest: "Tout le reste de cet ordinateur. Cette page ne te suit pas.",
    keptTitle: "Ce que ce navigateur garde",
    kept: "Le modèle et ta place dans la session, pour que tu puisses revenir. « Quitter et supprimer mes données » retire ta place, ici et sur le serveur.",
    stop: "Quitte ou ferme l’onglet, et l’entraînement s’arrête ici. Ce qui a déjà été additionné au modèle y reste.",
    keptOwn: "Tes propres exemples, si tu en ajoutes, jusqu’à ce que tu appuies sur « Tout oublier ».",
    keptNothing: "Rien : ses réglages l’interdisent. Après un rechargement, l’onglet recommence au début.",
  },
  preflight: {
    title: "Cet appareil",
    looking: "Examen de ce que cet appareil sait faire…",
    names: { backend: "Calcule sur", speed: "Vitesse", memory: "Mémoire", storage: "Stockage", battery: "Batterie" },
    asked: (backend) => `${backends[backend]}, car l’adresse de cette page le demande.`,
    backends,
    remembered: (backend, threads) =>
      `${backend === "webgpu" ? "Le GPU" : `Le CPU avec ${count(threads, threadForms)}`} : c’était le plus rapide quand ce navigateur a mesuré.`,
    measured: (threads) =>
      `Le GPU ou ${count(threads, { one: "fil du CPU", other: "fils du CPU" })} : les deux sont mesurés une fois quand tu participes, et le plus rapide est pris.`,
    software: (threads) => `Sans doute le CPU avec ${count(threads, threadForms)} : ce navigateur n’offre qu’un GPU simulé par logiciel.`,
    noGpu: (threads) => `Le CPU avec ${count(threads, threadForms)}.`,
    plainHttp: "Le CPU avec un seul fil d’exécution, car cette page est arrivée en simple http.",
    mend: {
      openHttps: "Ouvre le lien https de la session, s’il y en a un : en https, la page peut utiliser le GPU et tous les fils d’exécution.",
      firefoxNew: "Firefox : passe à la version 141 ou plus récente pour utiliser le GPU.",
      firefoxFlag: "Firefox : active dom.webgpu.enabled dans about:config et recharge, si tu veux essayer le GPU.",
      chromeFlag: "Chrome : active chrome://flags/#enable-unsafe-webgpu et relance-le, si tu veux essayer le GPU.",
      chromeNew: "Mets ce navigateur à jour, version 113 ou plus récente, pour utiliser le GPU.",
      safari: "Safari : la version 26 ou plus récente peut utiliser le GPU.",
      hardware: "Si cet ordinateur a un GPU, active l’accélération graphique dans les réglages du navigateur.",
      notIsolated:
        "Pour plus de fils d’exécution, il faut les en-têtes d’isolation du serveur ; la personne qui le gère les trouvera dans docs/deploy.md.",
      closeOthers: "Ferme d’autres onglets et programmes, ou participe depuis un ordinateur qui a plus de mémoire.",
      room: "Libère un peu de place, sinon le modèle sera téléchargé à chaque visite.",
      privateWindow: "Prends une fenêtre ordinaire si tu veux revenir plus tard.",
      allowStorage: "Autorise ce site à enregistrer des données si tu veux revenir plus tard.",
      plugIn: "Branche-le, ou arrête quand tu veux.",
    },
    speed: (gigaflops, cores) =>
      `Environ ${formats.digits(gigaflops, 2)} milliards d’opérations par seconde sur ${cores === 1 ? "son unique cœur" : `un de ses ${whole(cores)} cœurs`}`,
    memory: (gib) => `Au moins ${formats.number(gib)} Go`,
    lowMemory: (gib, neededBytes) =>
      `Environ ${formats.number(gib)} Go ; ce modèle prend environ ${bytes(neededBytes)} pendant l’entraînement.`,
    forwardMemory: (gib, neededBytes) =>
      `Environ ${formats.number(gib)} Go ; l’entraînement en prend environ ${bytes(neededBytes)}. Ton appareil essaie plutôt des changements du modèle, ce qui en prend moins, et envoie l’effet de chacun.`,
    storage: (freeBytes) => `${bytes(freeBytes)} libres : le modèle est gardé pour la prochaine visite.`,
    storageWorks: "Le modèle est gardé pour la prochaine visite.",
    littleRoom: (freeBytes, neededBytes) => `${bytes(freeBytes)} libres ; le modèle a besoin de ${bytes(neededBytes)}.`,
    privateWindow: "Une fenêtre privée : ce qu’elle garde disparaît avec elle.",
    noStorage: "Ce navigateur ne garde rien de ce site : après un rechargement, l’onglet recommence au début.",
    battery: (level, isCharging) => `${formats.percent(level)}${isCharging ? ", en charge" : ""}`,
  },
  otherTab: {
    found:
      "Un autre onglet de ce navigateur participe déjà à cette session. Si tu participes ici aussi, cet onglet compte comme une autre personne, et les deux se partagent la vitesse de cet ordinateur.",
    show: "Montre-moi cet onglet",
    shown: "Le titre de l’autre onglet commence maintenant par ▶. Tu peux fermer celui-ci.",
  },
  examplesEditor: {
    typeTitle: "Écrire un exemple",
    text: "Texte",
    firstText: "Premier texte",
    secondText: "Second texte",
    addAs: "Ajouter comme",
    added: (name) => `Ajouté comme « ${name} ».`,
    typeFirst: "Écris d’abord un texte, puis choisis ce que c’est.",
    pasteTitle: "Coller depuis un tableur",
    pasteNote: "Copie les cellules avec les textes et leurs étiquettes, avec ou sans la ligne des noms de colonnes, et colle-les ici.",
    readPaste: "Lire",
    fileTitle: "Ou choisis un fichier CSV, TSV ou JSON Lines",
    addedRows: (numRows) => `${count(numRows, { one: "exemple ajouté", other: "exemples ajoutés" })}.`,
    counts: (numExamples, classes) =>
      `${count(numExamples, examples)} : ${classes.map(({ name, count: ofClass }) => `${whole(ofClass)} ${name}`).join(", ")}`,
    oneClass: (name) => `Ils sont tous « ${name} ». Le modèle apprend mieux si tu ajoutes des exemples d’une autre classe.`,
    textOf: (number) => `Texte de l’exemple ${number}`,
    secondTextOf: (number) => `Second texte de l’exemple ${number}`,
    classOf: (number) => `Classe de l’exemple ${number}`,
    remove: (number) => `Supprimer l’exemple ${number}`,
    previous: "Précédent",
    next: "Suivant",
    page: (page, numPages) => `${page} sur ${numPages}`,
    kept: "Ce navigateur garde ces exemples, pour qu’un rechargement ne les perde pas.",
    notKept: "Ce navigateur ne garde rien : un rechargement perd ces exemples.",
    forget: "Tout oublier",
    addAsClass: (name) => `Ajouter comme ${name}`,
  },
  sheet: {
    title: (name, numRows) => `${name} : ${count(numRows, rows)}`,
    pasted: "Collé",
    columnName: (number) => `Colonne ${number}`,
    columnFor: { text: "Colonne du texte", textB: "Colonne du second texte", label: "Colonne de l’étiquette" },
    noColumn: "Choisis une colonne",
    hasHeader: "La première ligne contient les noms des colonnes",
    mappingTitle: "Quelle classe désigne chaque étiquette ?",
    leaveOut: "Laisser de côté",
    leftOut: ({ empty, unlabelled, unmapped, unreadable }) => {
      const parts = [
        [empty, "sans texte"],
        [unlabelled, "sans étiquette"],
        [unmapped, "dont l’étiquette ne désigne aucune classe"],
        [unreadable, "illisible"],
      ] as const;
      const said = parts
        .filter(([numRows]) => numRows > 0)
        .map(([numRows, what]) => `${count(numRows, rows)} ${what === "illisible" && numRows > 1 ? "illisibles" : what}`);
      return said.length === 0 ? "" : `Laissé de côté : ${said.join(", ")}.`;
    },
    take: (numRows) => `Ajouter ${count(numRows, examples)}`,
    cancel: "Annuler",
    noRows: "Il n’y a pas de lignes sous les noms des colonnes.",
    noLabels: "Chaque texte a besoin d’une étiquette, dans une colonne à côté. Choisis cette colonne, ou écris les exemples.",
    sameColumn: "Le texte et l’étiquette doivent être dans deux colonnes.",
    tooManyLabels: (numValues) =>
      `Cette colonne contient ${whole(numValues)} valeurs différentes, trop pour des étiquettes. Choisis une autre colonne.`,
    nothingMapped: "Choisis la classe que désigne chaque étiquette ; les lignes pourront alors être ajoutées.",
    noRoom: (numRows, room) =>
      `${count(numRows, rows)}, c’est trop : il y a de la place pour ${whole(room)}. Prends une plus petite partie du fichier.`,
  },
  fileProblems: {
    empty: (file) => `${file} est vide : il faut une ligne par exemple.`,
    tooLarge: (file, numBytes, maxBytes) =>
      `${file} fait ${bytes(numBytes)} ; cette page lit au plus ${bytes(maxBytes)}. Prends-en une plus petite partie.`,
    spreadsheet: (file) =>
      `${file} est un classeur ou une archive ZIP. Enregistre la feuille en CSV, ou copie ses cellules et colle-les ici.`,
    packed: (file) => `${file} est compressé avec gzip. Décompresse-le d’abord.`,
    binary: (file) => `${file} n’est pas un fichier texte. Enregistre-le en CSV ou JSON Lines, en UTF-8.`,
    notUtf8: (file) => `${file} n’est pas du texte UTF-8. Enregistre-le en UTF-8.`,
    otherKind: (file) => `${file} : cette page lit les fichiers qui finissent par .csv, .tsv ou .jsonl.`,
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
    search: "Recherche d’un meilleur prompt avec les exemples de cet onglet",
    edit: "Essai d’autres mots dans le prompt avec les exemples de cet onglet",
    perturb: "Essai de changements avec les exemples de cet onglet",
    train: "Entraînement sur les exemples de cet onglet",
    logits: "Lecture avec le grand modèle",
    distil: "Distillation du grand modèle dans le petit",
    answers: "Réponse aux messages du rapport",
    stopped: "La session a été arrêtée",
  },
  othersHeadlines: {
    train: "Prêt, pendant que d’autres appareils s’entraînent",
    evaluate: "Prêt, pendant que d’autres appareils testent le modèle",
    score: "Prêt, pendant que d’autres appareils évaluent les couches",
    probe: "D’autres appareils mesurent le nombre de couches nécessaires",
    search: "D’autres appareils cherchent un meilleur prompt",
    edit: "D’autres appareils essaient d’autres mots dans le prompt",
    perturb: "D’autres appareils essaient des changements",
    logits: "Prêt, pendant que le grand modèle lit",
    distil: "Prêt, pendant la distillation du grand modèle",
    answers: "Prêt, pendant la réponse aux messages du rapport",
  },
  restHeadlines: {
    user: "En pause",
    afterTask: "En pause",
    dataCap: "En pause : ta limite de données est atteinte",
    notCharging: "Au repos jusqu’à ce que cet ordinateur soit en charge",
    notIdle: "Au repos pendant que tu utilises cet ordinateur",
    hidden: "Au repos jusqu’à ce que tu regardes cet onglet",
  },
  restExplanations: (reason, holdSeconds, isHeld) => {
    const why = {
      user: "Cet onglet ne fait rien jusqu’à ce que tu reprennes, même après un rechargement.",
      afterTask: "Cet onglet ne reçoit plus de travail jusqu’à ce que tu reprennes, même après un rechargement.",
      dataCap: "Reprends pour autoriser encore autant d’octets, ou choisis une limite plus grande ci-dessous.",
      notCharging: "Il reprendra tout seul quand le chargeur sera branché.",
      notIdle: "Il reprendra tout seul quand tu seras parti une minute.",
      hidden: "Il reprendra tout seul.",
    }[reason];
    return isHeld
      ? `${why} La tâche commencée attend ici ${formats.seconds(holdSeconds)} ; ensuite elle est rendue, pour que personne ne l’attende.`
      : why;
  },
  explanations: {
    unapproved: "L’organisation de cette session laisse entrer chaque onglet. Laisse celui-ci ouvert : il commencera tout seul.",
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
    stopped:
      "Le coordinateur a dit au revoir et s’est fermé. Cet onglet garde son travail ; si la session reprend, il participe de nouveau tout seul. Tu peux aussi le fermer.",
    arriving: (numLoading, numReady, numNeeded) =>
      `${count(numLoading, { one: "appareil se charge", other: "appareils se chargent" })} dans les onglets présents ; ${whole(numReady)} sur ${whole(numNeeded)} sont prêts.`,
    othersWork: (numDone, numTasks) =>
      `${whole(numDone)} sur ${count(numTasks, { one: "appareil a fini", other: "appareils ont fini" })} cette étape. Laisse cet onglet ouvert : son tour peut venir.`,
    working: "Tu n’as rien à faire. Tes exemples restent dans cet onglet ; ce qu’il a envoyé est indiqué plus bas.",
    preparing: "Le modèle est téléchargé une fois ; la plupart des navigateurs le gardent pour la prochaine visite.",
  },
  notices: {
    reset: "Le coordinateur n’a plus le travail précédent de cet onglet, qui repart donc des paramètres partagés. Tu n’as rien à faire.",
    chooseAgain: (isKept) =>
      `Cette page a été rechargée, et ce navigateur n’a pas gardé tes exemples. Ajoute les mêmes de nouveau ; l’onglet ${
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
    resets: (numResets) =>
      `${count(numResets, { one: "appareil est reparti", other: "appareils sont repartis" })} des prompts partagés. Le dernier :`,
    staffNote: "Chaque note est un tour ; plus elle est haute, plus la perte est faible.",
    layersTitle: "Couches",
    layersNote: "Plus la barre est haute, plus la couche compte.",
    noLayersYet: "La session n’a pas encore choisi de couches. D’ici là, elle les partage toutes.",
    shared: "voyagent",
    notShared: "restent sur leur appareil",
    lossTitle: "Perte par tour",
    noLossYet: "La courbe commence au premier tour d’entraînement.",
    lossNote: "Moyenne sur chaque tour ; plus c’est bas, mieux c’est.",
    taskProgress: "Avancement de cette tâche",
    downloadProgress: "Avancement du téléchargement",
    stepOf: (step, numSteps) => `pas ${whole(step)} sur ${whole(numSteps)}`,
    replayOf: (done, all) => `rattrapage, ${whole(done)} sur ${whole(all)}`,
    taskOf: (deviceId) => `appareil ${deviceId}`,
    tasksDone: (numTasks) => `${count(numTasks, { one: "tâche faite", other: "tâches faites" })} dans cet onglet`,
    downloaded: (numBytes, totalBytes) => `${bytes(numBytes)} sur ${bytes(totalBytes)}`,
    pace: (bytesPerSecond, secondsLeft) => `${bytes(bytesPerSecond)}/s · encore ${formats.seconds(Math.round(secondsLeft))}`,
    logScale: "L’échelle est logarithmique.",
    lossHere: "cet onglet",
    lossAll: "tous les appareils",
  },
  wholeProgress: {
    soFar: (numRounds) => `${count(numRounds, { one: "tour", other: "tours" })} jusqu’ici`,
    untilStopped: "Continue jusqu’à ce que quelqu’un l’arrête.",
    run: "Toute la session",
    round: "Ce tour",
    task: "Cette tâche",
    left: (fraction, secondsLeft) =>
      `${whole(100 * fraction)} % · ${secondsLeft === null ? "temps restant inconnu" : `encore environ ${formats.seconds(roundedSeconds(secondsLeft))}`}`,
    stages: { score: "évaluation", count: "nombre", train: "entraînement" },
    roundDone: (numDone, numTasks) => `${whole(numDone)} sur ${count(numTasks, { one: "appareil a fini", other: "appareils ont fini" })}`,
    betweenRounds: "entre deux étapes",
    noTask: "aucune en ce moment",
  },
  incidents: {
    title: "Ce qui s’est passé ici",
    at: formats.time,
    slept: (seconds) => `Cet ordinateur a dormi ${formats.seconds(seconds)}. L’onglet a vérifié sa connexion et continue.`,
    online: (seconds) => `La connexion a été coupée ${formats.seconds(seconds)}. Elle est revenue, et aucun travail n’est perdu.`,
    workerRestarted: (reason) => `Le worker de cet onglet a été perdu (${reason}). Un autre a été lancé, et la tâche est recalculée.`,
    cameBackPaused: "Cet onglet était en pause quand il a été rechargé : il l’est encore.",
  },
  contributions: {
    title: "Mes contributions",
    none: "Aucune pour l’instant. Chaque tâche que le coordinateur accepte apparaît ici.",
    total: (numContributions, numBytes) =>
      `${count(numContributions, { one: "contribution", other: "contributions" })}, ${bytes(numBytes)} envoyés`,
    heads: ["Heure", "Tour", "Quoi", "Taille"],
    kinds: {
      train: "entraînement",
      evaluate: "test",
      score: "scores des couches",
      probe: "spectre",
      search: "recherche",
      edit: "modifications du prompt",
      perturb: "essai",
      logits: "logits",
      distil: "distillation",
      answers: "réponses",
    },
    round: (stage, round) => `${{ score: "évaluation", count: "nombre", train: "entraînement" }[stage]} ${round}`,
    time: formats.timeWithSeconds,
    size: bytes,
    latest: (numShown) => `Montrer les ${whole(numShown)} dernières`,
    all: (numContributions) => `Montrer les ${whole(numContributions)}`,
    receipt: "Télécharger un reçu",
    receiptNote: "Un fichier signé par la session : ce que cet onglet a apporté, et quand. Tout le monde peut le vérifier :",
  },
  controls: {
    title: "Ce que tu prêtes",
    load: "Charge",
    loadOf: (percent) =>
      percent === 100 ? "100 % : calcule tout le temps" : `${whole(percent)} % : se repose le reste du temps, entre les pas`,
    when: "Participer seulement quand",
    idle: "je n’utilise pas cet ordinateur",
    idleNote: "Le navigateur te demande la permission.",
    charging: "le chargeur est branché",
    visible: "cet onglet est visible",
    limit: "Limite de données",
    noLimit: "pas de limite",
    limitOf: bytes,
    limitNote: (numBytes) =>
      `Cet onglet a envoyé et reçu ${bytes(numBytes)} depuis qu’il participe, sans le modèle. À la limite, il se met en pause.`,
    awake: "Garder l’écran allumé pendant l’entraînement",
    kept: "Ce navigateur retient ces choix.",
  },
  energy: {
    title: "Énergie",
    none: "Rien n’a encore été calculé.",
    range: (from, to) => (to < 0.1 ? "moins de 0,1 Wh" : `environ ${wattHours(from)} à ${wattHours(to)} Wh`),
    byPower: (seconds, kind, from, to) =>
      `Estimation : ${formats.seconds(Math.round(seconds))} de calcul, fois les ${from} à ${to} W qu’ajoute la pleine charge (${energyKinds[kind]}). Pas mesuré.`,
    byBattery: (percent, kind, from, to) =>
      `Mesuré par le navigateur : la batterie a baissé de ${percent} % pendant que cet onglet participait, avec tout ce qui tournait à côté. Une telle batterie (${energyKinds[kind]}) contient ${from} à ${to} Wh.`,
    kinds: energyKinds,
    compare: "Pour comparer : une lampe LED consomme 8 Wh en une heure.",
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
    pauseAfterTask: "Encore cette tâche, puis pause",
  },
  traffic: {
    title: "Échanges de cet onglet",
    sent: "envoyé",
    saved: (ofAll, ofF32) =>
      `Les couches envoyées font ${whole(100 * ofAll)} % de toutes les couches dans le même codage, et ${whole(100 * ofF32)} % de toutes les couches à quatre octets par nombre.`,
    received: "reçu",
    note: "Le téléchargement du modèle n’est pas compté.",
    layers: "dont couches entraînées",
    allLayers: "toutes les couches auraient fait",
    states: "dont copies de couches privées",
    nothingYet: "La comparaison avec toutes les couches viendra quand cet onglet se sera entraîné.",
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
    noDevicesNow: "aucun tant qu’il se repose",
  },
  results: {
    title: "Résultats",
    newcomer,
    scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "exactitude par token" },
    personalised: "sur les appareils qui ont participé, avec leurs propres paramètres",
    zeroShot: "avant tout entraînement",
    ofTexts,
    between: (from, to) => `entre ${formats.percent(from)} et ${formats.percent(to)} (intervalle à 95 %)`,
  },
  figures: {
    noRound: "Pas encore de tour",
    round: (round) => `La session en est au ${round}`,
    noScores: "Pas encore de scores de couches",
    scores: (list, selected) =>
      `Scores : ${list}. ${selected === null ? "Aucune couche choisie pour l’instant" : `Couches qui voyagent : ${selected.join(", ") || "aucune"}`}.`,
    score: (layer, score) => `couche ${layer} : ${score === null ? "sans score" : formats.digits(score, 3)}`,
    noLoss: "Pas encore de perte",
    loss: (first, latest) => `Perte d’entraînement moyenne de cet onglet par tour : ${first} au début, ${latest} maintenant`,
    tabs: (numTabs) => count(numTabs, tabs),
  },
  stage: {
    title: "La scène",
    about: "Chaque nombre de cette page vient du journal du coordinateur.",
    connecting: "Recherche de la session…",
    links: { connecting: "connexion", online: "en direct", retrying: "reconnexion", closed: "fermé" },
    problems: {
      silent: "Le coordinateur ne répond pas. Cette page continue d’essayer.",
      notLive: "Il n’y a pas de direct à cette adresse. Est-ce un coordinateur de cette version ?",
      unauthorised: "Cette session n’est pas ouverte à tous. Tape le code, ou ouvre le lien d’organisation.",
      foreign: "Cette adresse n’est pas celle du coordinateur. Prends-en une qu’il a affichée.",
      full: "Il y a déjà autant de spectateurs que l’organisation le permet. Cette page continue d’essayer.",
      notUnderstood: "Cette page ne comprend pas le coordinateur. Recharge-la.",
    },
    goodbyes: {
      finished: "La session est terminée et son coordinateur est fermé. Voici comment elle a fini.",
      newRun: "Une nouvelle session suit.",
      closing: "Le coordinateur a été arrêté. La session pourra reprendre d’ici quand on le relancera.",
      removed: "Le coordinateur a fermé cette page.",
    },
    codeWord: "Code",
    wrongWord: "Ce n’est pas le code de cette session.",
    watch: "Regarder",
    fullScreen: "Plein écran",
    leaveFullScreen: "Quitter le plein écran",
    headlines: {
      waiting: "Bientôt le début",
      running: { score: "Évaluation des couches", count: "Nombre de couches", train: "Entraînement" },
      done: "La session est terminée",
      failed: "La session a échoué",
    },
    round: (round, numRounds) => `Tour ${round} sur ${numRounds}`,
    roundSoFar: (round) => `Tour ${whole(round)}`,
    rounds: (numRounds) => count(numRounds, { one: "tour", other: "tours" }),
    tasks: (numIn, numAll) => `${whole(numIn)} sur ${count(numAll, { one: "tâche rendue", other: "tâches rendues" })}`,
    devicesHere: (numDevices, numConnected) =>
      `${count(numDevices, devices)} dans ${count(numConnected, { one: "client", other: "clients" })}`,
    deadline: "Temps restant pour cette étape",
    noDeadline: "sans délai",
    method: (strategy, task, backbone) => `${strategy} ajuste ${backbone} pour ${task}`,
    invitation: "Participe sur",
  },
  stageTiles: {
    title: "Appareils",
    none: "Aucun appareil pour l’instant. Qui ouvre le lien et appuie sur « Participer » apparaît ici.",
    more: (numMore) => `et ${count(numMore, { one: "autre appareil", other: "autres appareils" })}`,
    device: (id) => `Appareil ${id}`,
    helper: "renfort",
    states: {
      away: "absent",
      loading: "charge",
      waiting: "attend",
      scoring: "évalue",
      probing: "mesure",
      training: "s’entraîne",
      evaluating: "teste",
      paused: "en pause",
      rests: "se repose",
      late: "en retard",
      done: "fini",
    },
    step: (step, numSteps) => `pas ${whole(step)} sur ${whole(numSteps)}`,
    speed: (perSecond) => `${formats.number(perSecond)} pas/s`,
    counts: (numDevices, state) => `${whole(numDevices)} ${state}`,
  },
  stagePlots: {
    scoreNames: { accuracy: "Bonnes réponses", tokenAccuracy: "Tokens justes", exactMatch: "Bonnes réponses", rougeL: "ROUGE-L" },
    loss: "Perte",
    lossAxis: "perte",
    series: {
      training: "à l’entraînement",
      global: "modèle partagé",
      newcomer: "tel qu’un nouvel appareil le reçoit",
      personalised: "celui de chaque appareil",
      zeroShot: "avant l’ajustement",
    },
    noScore: "Rien n’a encore été testé.",
    noLoss: "Aucun tour d’entraînement pour l’instant.",
    ofTexts: (numTexts) => `sur ${count(numTexts, { one: "texte caché", other: "textes cachés" })}`,
    latest: (name, value, numTexts) => `${name} : ${value} ${numTexts}`.trim(),
    layers: "Couches",
    layersNote:
      "Chaque colonne est un tour, chaque ligne une couche. Une note pleine est une couche qui voyage, plus grande là où elle a bougé davantage ; une note vide a été évaluée et reste sur les appareils.",
    noLayers: "Aucune couche n’a encore été évaluée ou entraînée.",
    travels: (layers) => `Couches qui voyagent : ${layers.join(", ")}`,
    stages: { score: "évaluation", count: "nombre", train: "" },
    bytes: "Octets envoyés",
    bytesNote: (sent, all, share) => `${sent} jusqu’ici, ${share} des ${all} que toutes les couches auraient coûté`,
    sentAll: (sent) => `${sent} jusqu’ici`,
    noBytes: "Rien n’a encore été envoyé.",
    drift: "Dérive",
    driftAxis: "norme",
    driftSeries: { drift: "écart", update: "mouvement", control: "contrôle" },
    noDrift: "Aucun tour d’entraînement n’a encore été mesuré.",
    marks: {
      start: "début",
      pause: "pause",
      resume: "reprise",
      stop: "arrêt",
      nextRound: "tour suivant",
      sampleFraction: (fraction) => `${whole(100 * fraction)} % sollicités`,
      deadline: (seconds) => (seconds === null ? "sans délai" : `délai ${formats.seconds(seconds)}`),
      skew: "données déséquilibrées",
      drop: (fraction) => `${whole(100 * fraction)} % écartés`,
      poison: (numDevices) => count(numDevices, { one: "appareil empoisonné", other: "appareils empoisonnés" }),
      takeBack: (what) => `${what} : annulé`,
      takenBack: { sampleFraction: "choix", deadline: "délai", skew: "déséquilibre", drop: "mise à l’écart", poison: "poison" },
      newRun: "nouvelle session",
      switchStrategy: (name) => `vers ${name}`,
    },
    driftNote:
      "De combien les appareils bougent en un tour, à quelle distance ils finissent les uns des autres, et la norme de la variable de contrôle qui les rapproche.",
    scoreOf: {
      global: "avec le modèle partagé",
      newcomer: "avec le modèle qu’un nouvel appareil reçoit",
      personalised: "avec le modèle de chaque appareil",
      zeroShot: "avant l’ajustement",
    },
  },
  slowMotion: {
    title: "Un tour au ralenti",
    open: "Voir un tour pas à pas",
    close: "Fermer",
    none: "Un tour se regarde pas à pas dès qu’il y en a eu un d’entraînement.",
    chooseRound: "Tour",
    previous: "Retour",
    next: "Suite",
    keys: "Les flèches avancent et reculent, Échap ferme.",
    position: (step, numSteps) => `${step} sur ${numSteps}`,
    coordinator: "Coordinateur",
    coordinatorHolds: (values, hasControl) =>
      `A les paramètres partagés, ${values}${hasControl ? ", et une variable de contrôle par appareil" : ""}.`,
    deviceHolds: (hasOwnLayers) =>
      hasOwnLayers ? "Chacun a ses exemples, ses couches et son optimiseur." : "Chacun a ses exemples et son optimiseur.",
    device: (id) => `Appareil ${id}`,
    others: (numOthers) => `+ ${whole(numOthers)}`,
    maskLabel: (travelling, numLayers) =>
      `Couches qui voyagent : ${travelling.length === 0 ? "aucune" : travelling.join(", ")}, sur ${numLayers}`,
    titles: {
      choose: "Le coordinateur choisit des appareils",
      send: "Les couches partagées partent",
      train: "Chaque appareil s’entraîne",
      back: "Les changements reviennent",
      sum: "Le coordinateur en fait un seul changement",
      evaluate: "Les appareils testent des textes cachés",
    },
    choose: (numAsked, numDevices) =>
      `Il tire ${count(numAsked, devices)} sur ${whole(numDevices)} avec la graine de la session. Les autres se reposent pendant ce tour.`,
    send: ({ layers, values, each, measured }) =>
      `Le masque laisse passer ${layers} : ${values}, ${each} par appareil. Sur le réseau, l’étape a pris ${measured} à l’aller, tâches et état compris.`,
    layersOf: (numTravel, numLayers) => `${whole(numTravel)} sur ${count(numLayers, { one: "couche", other: "couches" })}`,
    values: (numValues) => count(numValues, { one: "valeur", other: "valeurs" }),
    train: (seconds, loss) =>
      `Sur ses propres exemples, qui restent où ils sont, avec les couches qui ne voyagent pas. L’étape a duré ${seconds}${loss === null ? "" : ` ; la perte de la dernière époque était de ${loss}`}.`,
    back: ({ numCounted, numAsked, each, measured }) =>
      `${whole(numCounted)} sur ${count(numAsked, devices)} ont renvoyé la différence avec ce qu’ils avaient reçu, ${each} chacun. Sur le réseau, l’étape a pris ${measured} au retour.`,
    sum: ({ rule, update, drift, control }) =>
      `Règle : ${rule}. ${update === null ? "" : `Les appareils ont bougé de ${update} en moyenne`}${drift === null ? "" : `, et de ${drift} par rapport à leur moyenne`}${update === null ? "" : ". "}${control === null ? "" : `La norme de la variable de contrôle est ${control}.`}`.trim(),
    mean: "la moyenne, pondérée par les exemples",
    rule: (name) => name,
    evaluate: (results, numBytes) => `${results.join(" ; ")}. Cela a pris ${numBytes}, comptés à part.`,
  },
  tryPage: {
    title: "Essaie le modèle",
    lead: "Écris un texte. Le modèle répond dans ce navigateur ; rien de ce que tu écris n’est envoyé.",
    model: (task, backbone) => `${task} · modèle ${backbone}`,
    roundNow: (round, isOver) => (isOver ? `ajusté en ${count(round, { one: "tour", other: "tours" })}` : `ajusté jusqu’au tour ${round}`),
    loadingTitle: "Le modèle arrive",
    failedTitle: "Le modèle ne peut pas être essayé ici",
    yourText: "Ton texte",
    secondText: "Second texte",
    placeholder: "Écris un texte…",
    example: "Un autre exemple",
    answersTitle: "Réponses",
    typeFirst: "Écris un texte pour voir la réponse du modèle.",
    cut: (numCut, numTokens) =>
      `Le texte est trop long pour ce modèle : les ${whole(numCut)} derniers de ses ${whole(numTokens)} tokens n’ont pas été lus.`,
    cutAtBeginning: (numCut) =>
      `Le texte est trop long pour ce modèle : le début n’a pas été lu (${count(numCut, { one: "token", other: "tokens" })}).`,
    before: "Avant l’ajustement",
    tuned: "Après l’ajustement",
    own: (deviceId) => `Ton appareil ${deviceId}`,
    beforeNote: "le modèle tel qu’il a été préentraîné",
    tunedNote: (round) => (round === null ? "ce que tout le monde partage" : `ce que tout le monde partage après le tour ${round}`),
    ownNote: "les couches partagées, et celles de ton appareil",
    whichDevice: "Les couches de quel appareil",
    noDevice: "aucun",
    heard: (who, answer, share) => `${who} : ${answer}, ${formats.percent(share)}`,
    noBefore: "Avant l’ajustement, ce modèle ne peut pas répondre.",
    nothingTuned:
      "Rien n’est encore ajusté : seul le modèle préentraîné répond. Après le premier tour, le modèle ajusté répondra ici aussi.",
    silent: "Le serveur de cette session ne répond pas : seul le modèle préentraîné répond.",
    locked: "Cette session demande un code. Avec lui, le modèle ajusté répond ici aussi.",
    lockedByInvitation:
      "Cette session est sur invitation : ouvre cette page avec le lien de ton invitation, et le modèle ajusté répondra aussi.",
    lockedLater: "Trop de mauvais codes sont venus d’ici. Attends une minute, puis réessaie.",
    codeWord: "Code",
    open: "Montrer le modèle ajusté",
    unusable: "Le modèle ajusté ne peut pas répondre ici.",
    ownProblem: "Les couches de ton appareil ne peuvent pas répondre.",
    aloneNote: "Dans cette session, chaque appareil s’entraîne seul et rien n’est partagé : un nouvel appareil a les paramètres du départ.",
    newer: (round) => `Le tour ${round} est là.`,
    useNewer: "L’utiliser",
    otherParameters:
      "Le lien vers cette page a été fait avec d’autres paramètres de cette session : les réponses peuvent différer de celles qui étaient voulues.",
    computesOn: (backend) => `Calcule sur : ${backend}.`,
    offlineReady: "Cette page marche aussi sans réseau.",
    offlineInsecure: "Cette page a besoin du réseau : elle est arrivée en simple http, où les navigateurs ne gardent pas de pages.",
    offlineUntrusted:
      "Cette page a besoin du réseau : ce navigateur ne fait pas confiance au certificat du serveur, ou ne garde pas de pages.",
    otherRun: "Une autre session a commencé à cette adresse. Recharge cette page pour essayer son modèle.",
  },
  tryWords: {
    title: "Les mots qui ont compté",
    note: "Chaque mot est retiré une fois. Plus la probabilité de la réponse baisse sans lui, plus il a compté.",
    pick: "Réponse",
    show: "Montrer les mots",
    stop: "Arrêter",
    progress: "Mots déjà retirés",
    progressText: (numDone, numWords) => `${whole(numDone)} sur ${count(numWords, { one: "mot", other: "mots" })}`,
    forWhom: (name, who) => `Pour « ${name} », ${who} :`,
    speaksFor: "parle pour",
    speaksAgainst: "parle contre",
    word: "Mot",
    effect: "Changement en points",
    points: (effect) => `${effect >= 0 ? "+" : "−"}${formats.fixed(Math.abs(100 * effect), 1)}`,
    cut: (maxWords) => `Seuls les ${whole(maxWords)} premiers mots sont retirés un à un.`,
    none: "Il n’y a pas de mot à retirer.",
  },
  tryBatch: {
    title: "Beaucoup de textes à la fois",
    note: "Un fichier CSV, TSV ou JSON Lines avec un texte par ligne. Il reste dans ce navigateur.",
    file: "Fichier",
    textColumn: "Texte",
    secondColumn: "Second texte",
    labelColumn: "Bonne réponse, s’il y en a une",
    noColumn: "aucune",
    who: "Qui répond",
    start: (numTexts) => `Interroger sur ${count(numTexts, texts)}`,
    stop: "Arrêter",
    progress: "Textes déjà traités",
    progressText: (numDone, numTexts) => `${whole(numDone)} sur ${count(numTexts, texts)}`,
    download: "Télécharger les réponses en CSV",
    tableTitle: "Les réponses",
    heads: { row: "Ligne", text: "Texte", answer: "Réponse", share: "Probabilité", label: "Bonne réponse" },
    shown: (numShown, numTexts) =>
      `Voici les ${whole(numShown)} premiers de ${count(numTexts, texts)} ; le téléchargement les contient tous.`,
    right: "juste",
    wrong: "faux",
    accuracy: (numRight, numTexts) =>
      `${formats.percent(numRight / numTexts)} de justes : ${whole(numRight)} sur ${count(numTexts, texts)}`,
    matrixTitle: "Matrice de confusion",
    matrixNote:
      "Les lignes sont les bonnes réponses, les colonnes celles du modèle ; plus c’est foncé, plus la part de la ligne est grande.",
    matrixCorner: "Bonne réponse \\ modèle",
    unlabelled: (numRows, labels) =>
      `${count(numRows, { one: "ligne a", other: "lignes ont" })} une bonne réponse que cette tâche ne connaît pas (${labels}) ; elles ne comptent pas.`,
    skipped: (numRows) =>
      `${count(numRows, { one: "ligne sans texte a été laissée", other: "lignes sans texte ont été laissées" })} de côté.`,
    tooLarge: (file, numBytes, maxBytes) =>
      `${file} fait ${bytes(numBytes)} ; cette page lit au plus ${bytes(maxBytes)}. Prends-en une plus petite partie.`,
    tooManyRows: (maxRows) => `Seules les ${whole(maxRows)} premières lignes sont traitées.`,
    noRows: (file) => `${file} n’a aucune ligne sous les noms de colonnes : enregistre un texte par ligne, et choisis-le de nouveau.`,
    noColumns: (file) => `${file} n’a pas de colonnes lisibles : sa première ligne doit les nommer.`,
    wrongKind: (file) =>
      `${file} ne peut pas être lu : choisis un fichier qui finit par .csv, .tsv ou .jsonl ; enregistre un tableau en CSV UTF-8.`,
  },
  tryDraw: {
    title: "Réponses, mot à mot",
    note: "Le modèle écrit un token après l’autre. Choisis un token pour voir les cinq plus probables à sa place.",
    prompt: "Comment le texte est donné au modèle",
    temperature: "Température",
    temperatureNote: "À 0, c’est toujours le token le plus probable ; plus haut, c’est plus osé.",
    seed: "Graine",
    seedNote: "La même graine donne la même réponse.",
    length: "Nombre de tokens au plus",
    start: "Répondre",
    stop: "Arrêter",
    small: "Petit modèle, ajusté",
    large: "Grand modèle",
    proxy: "Grand modèle, guidé par le petit",
    smallNote: "ce que les appareils ont ajusté",
    largeNote: "tel qu’il a été préentraîné",
    proxyNote: (a) => `décalé de ${a} fois le changement que l’ajustement a fait au petit modèle`,
    dial: "À quel point le petit modèle guide (a)",
    largeTitle: "Le grand modèle à côté du petit",
    largeNoteBefore: (name) =>
      `Dans cette session, l’ajustement du petit modèle guide ${name}. Avec lui, les trois modèles répondent côte à côte.`,
    loadLarge: (name, numBytes) => `Télécharger ${name} (${bytes(numBytes)})`,
    askLarge: (name) => `Télécharger ${name}`,
    largeProgress: "Téléchargement du grand modèle",
    nothingYet: "Pas encore de réponse.",
    end: "fin",
    token: (text, share) => `« ${text} », ${formats.percent(share)}`,
    candidatesTitle: (place) => `Les plus probables au token ${place}`,
    candidate: "Token",
    share: "Probabilité",
  },
  tryShare: {
    title: "Garder et partager",
    linkTitle: "Partager cette question",
    linkNote:
      "Le texte est dans la partie du lien après #, que les navigateurs n’envoient à aucun serveur. Le lien ne fait entrer personne dans une session qui n’est pas ouverte à tous.",
    link: "Lien",
    copy: "Copier le lien",
    copied: "Copié",
    promptsTitle: "Emporte les paramètres ajustés",
    promptsNote: (numParameters, backbone) =>
      `${count(numParameters, { one: "tenseur", other: "tenseurs" })} en safetensors. Ils ne vont qu’avec le modèle ${backbone}, et ne servent à rien sans lui.`,
    download: "Télécharger prompts.safetensors",
    inTerminal: "Dans un terminal, là où Tutti est installé :",
    inPython: "En Python, les nombres et ce à quoi ils appartiennent :",
    peft: "transformers ne peut pas charger ce fichier tel quel. Ceci en fait un adaptateur pour peft de Hugging Face, avec un README qui montre comment le charger :",
    noPeft: (reason) => `transformers ne peut pas charger ce fichier, et peft n’a pas de forme pour lui : ${reason}.`,
  },
  inForce: {
    paused: "L’organisation a mis la session en pause. Ta place est gardée ; la suite viendra toute seule.",
    drop: (fraction) =>
      `Une expérience est en cours : à chaque tour, ${fraction} des appareils sont laissés de côté, comme s’ils étaient partis.`,
    skew: "Une expérience est en cours : les données sont redistribuées, et chaque appareil ne voit que quelques classes.",
    poison: (someDevices) =>
      `Une expérience est en cours : le coordinateur inverse les envois de ${someDevices}, pour montrer l’effet de mauvaises contributions.`,
    devices: (ids) => (ids.length === 1 ? `l’appareil ${ids[0]}` : `chacun des appareils ${ids.join(", ")}`),
  },
  operator: {
    title: "Diriger cette session",
    forYou:
      "Tu es seul à voir cette partie, car tu as le lien d’organisation. Les ordres valent à partir du plan suivant ; ce qui est en cours va jusqu’au bout.",
    connecting: "Question au coordinateur…",
    silent: "Le coordinateur ne répond pas. Cette page redemande toutes les quelques secondes.",
    refused: "Ce lien est celui d’un autre coordinateur. Ouvre le lien que `tutti serve` affiche maintenant ; rien n’a changé.",
    notUnderstood: "Cette page ne comprend pas la réponse du coordinateur. Recharge-la.",
    done: (what) => `C’est fait : ${what}.`,
    notDone: (why) => `Rien n’a changé. ${why}`,
    runTitle: "La session",
    phases: { waiting: "En attente", running: "En cours", done: "Terminée", failed: "En échec" },
    at: (stage, round, numRounds) => `${stage}, tour ${round} sur ${numRounds}`,
    start: "Démarrer",
    startAbout: "Commence avec les appareils présents.",
    pause: "Pause",
    pauseAbout: "L’étape ouverte se termine, et aucune autre ne commence.",
    resume: "Reprendre",
    resumeAbout: "La session est en pause : elle reprend où elle en était.",
    nextRound: "Tour suivant",
    nextRoundAbout: "Ferme l’étape ouverte avec ce qui est arrivé.",
    stop: "Arrêter",
    stopAbout: "Ferme le coordinateur ; la session pourra reprendre.",
    newRun: "Nouvelle session",
    newRunAbout: "Recommence avec une autre graine ; tout le monde suit.",
    confirmStop:
      "Arrêter la session ? Tous les onglets sont prévenus, et personne ne peut participer avant que la même commande la relance. Rien de ce qui a été accepté n’est perdu.",
    confirmNewRun:
      "Commencer une nouvelle session ? Celle-ci est fermée et conservée. Les onglets présents rejoignent la nouvelle tout seuls, à la même adresse.",
    confirmSwitch: (strategy) =>
      `Passer à ${strategy} ? Cette session est fermée et conservée. Une session liée repart de ses paramètres, et les onglets la rejoignent tout seuls.`,
    confirmSendAway: (who) => `Renvoyer ${who} ? Ses appareils et ses tâches passent aussitôt à d’autres. Il pourra revenir.`,
    yes: { stop: "Arrêter la session", newRun: "Commencer une nouvelle session", switchStrategy: "Changer", sendAway: "Renvoyer" },
    no: "Laisser comme c’est",
    sizesTitle: "Chaque tour",
    sampleFraction: "Appareils sollicités à chaque tour, en pour cent",
    sampleNow: (percent) => `Maintenant ${percent} de tous les appareils.`,
    sampleSettings: (numDevices) => `Maintenant selon les réglages : ${count(numDevices, devices)}.`,
    deadline: "Délai d’une étape, en secondes",
    deadlineNow: (seconds) => `Maintenant ${seconds}.`,
    noDeadline: "Maintenant sans délai.",
    deadlineHint: "Pour aucun délai, laisse vide.",
    apply: "Appliquer",
    takeBack: "Annuler",
    asSettings: "Selon les réglages",
    lessonsTitle: "Expériences",
    lessonsAbout: "Regarde les courbes : elles réagissent en quelques tours.",
    skew: "Déséquilibrer les données",
    skewAbout: "Redistribue les données d’entraînement : chaque appareil ne voit que quelques classes. Les quantités restent les mêmes.",
    drop: "Écarter 30 %",
    dropAbout: "À chaque tour, 30 % des appareils, tirés avec la graine de la session, comptent comme partis.",
    poison: "Empoisonner deux appareils",
    poisonAbout: "Le coordinateur inverse et amplifie les envois de deux appareils. Leurs onglets restent honnêtes.",
    from: (stage, round) => `En vigueur depuis ${stage}, tour ${round}.`,
    pending: "À partir du tour suivant.",
    poisonedNow: (someDevices) => `Cela concerne ${someDevices}.`,
    switchTitle: "Stratégie",
    switchAbout: "Une autre stratégie commence une session liée, à partir des paramètres actuels.",
    strategy: "Continuer avec",
    strategies: {
      fedAvg: "FedAvg",
      fedAvgM: "FedAvgM, avec inertie au serveur",
      fedOpt: "FedOpt, avec Adam au serveur",
      scaffold: "SCAFFOLD",
      fedPepTao: "FedPepTAO",
    },
    switchButton: "Changer de stratégie",
    waitingTitle: "En attente d’accès",
    nobodyWaits: "Personne n’attend.",
    approve: "Laisser entrer",
    approveAll: (numWaiting) => `Laisser entrer les ${whole(numWaiting)}`,
    clientsTitle: "Qui est là",
    noClients: "Il n’y a encore personne.",
    sendAway: "Renvoyer",
    standings: { in: "présent", away: "absent", waiting: "en attente", banned: "banni" },
    nameless: (key) => `client ${key}`,
    actionOn: (action, who) => `${action} : ${who}`,
    noDevices: "aucun appareil",
    logTitle: "Ordres donnés",
    noOrders: "Aucun ordre pour l’instant.",
    heldFrom: (stage, round, step) => `dès ${stage}, tour ${round}, étape ${step}`,
    heldOnStep: (stage, round, step) => `a fermé ${stage}, tour ${round}, étape ${step}`,
    heldNext: "dès le plan suivant",
    followedBy: (runId) => `la session ${runId} suit`,
    orders: {
      start: "démarrer",
      pause: "pause",
      resume: "reprendre",
      stop: "arrêter",
      nextRound: "tour suivant",
      sampleFraction: (percent) => `solliciter ${percent} des appareils`,
      deadline: (seconds) => (seconds === null ? "sans délai" : `délai ${seconds}`),
      skew: "déséquilibrer les données",
      drop: (percent) => `écarter ${percent}`,
      poison: (someDevices) => `empoisonner ${someDevices}`,
      takeBack: (what) => `annuler : ${what}`,
      approve: "laisser entrer un client",
      sendAway: "renvoyer un client",
      newRun: "nouvelle session",
      switchStrategy: (name) => `passer à ${name}`,
    },
    settings: {
      sampleFraction: "appareils par tour",
      deadline: "délai",
      skew: "données déséquilibrées",
      drop: "appareils écartés",
      poison: "appareils empoisonnés",
    },
  },
  stageExport: {
    title: "Emporter",
    json: "Nombres en JSON",
    csv: "Nombres en CSV",
    prompts: "Paramètres ajustés",
    report: "Rapport",
    noPrompts: "Rien n’est encore ajusté : les paramètres sont là dès qu’un tour d’entraînement est fini.",
    noReport: "Il n’y a pas encore de rapport : il est écrit dès qu’un tour est fini.",
  },
  classroom: {
    trustTitle: "Ton navigateur va t’avertir",
    trustLead:
      "La page suivante est chiffrée avec un certificat que l’ordinateur de cette classe a fait lui-même. Personne d’autre ne l’a signé : ton navigateur ne sait pas à qui il est, et le dit une fois. Continue seulement si tu es dans cette classe.",
    pastTitle: "Rien à craindre",
    pastLead: "Cette page est arrivée sans avertissement, ou tu l’as déjà passé.",
    goSecure: "Ouvrir la page chiffrée",
    goOn: "Continuer",
    seeTitle: "Ce que tu vas voir",
    otherBrowser: (name) => `Dans ${name}`,
    warnings: {
      chrome: {
        name: "Chrome, Edge ou Samsung Internet",
        says: "« Votre connexion n’est pas privée » ou « Erreur liée à la confidentialité »",
        steps: [
          "Appuie sur « Paramètres avancés ».",
          "Appuie sur « Continuer vers le site… » ; dans certaines versions, c’est petit et souligné.",
        ],
      },
      safari: {
        name: "Safari, ou n’importe quel navigateur sur un iPhone",
        says: "« Cette connexion n’est pas privée »",
        steps: ["Appuie sur « Afficher les détails ».", "Appuie sur « visiter ce site web », et confirme."],
      },
      firefox: {
        name: "Firefox",
        says: "« Attention : risque probable de sécurité »",
        steps: ["Appuie sur « Avancé… ».", "Appuie sur « Accepter le risque et poursuivre »."],
      },
    },
    fingerprintTitle: "L’empreinte du certificat",
    fingerprintNote:
      "Pour en être sûr, compare-la avec ce que le navigateur montre du certificat, et avec l’écran de la classe. C’est une empreinte SHA-256.",
    plainTitle: "Si ton téléphone ne te laisse pas continuer",
    plainNote:
      "Participe sans chiffrement. Cela marche pareil, mais plus lentement : en simple http, les navigateurs ne donnent ni le GPU ni plusieurs fils d’exécution. D’autres personnes sur ce réseau pourraient lire ce qui est envoyé ; tes exemples ne sont jamais envoyés.",
    goPlain: "Continuer sans chiffrement",
    joinCode: "QR code : scanne-le pour participer",
    helpers: ({ numConnected, numTraining }) =>
      numTraining === 0
        ? `${count(numConnected, { one: "appareil de renfort", other: "appareils de renfort" })} de l’organisation, au repos`
        : `${count(numTraining, { one: "appareil de renfort", other: "appareils de renfort" })} de l’organisation, en attendant plus de monde`,
    typedOnly:
      "Cette classe écrit ses propres textes. Écris-en quelques-uns, et dis ce qu’est chacun ; d’autres pourront suivre pendant l’entraînement.",
    growTitle: "Ajouter un texte",
    growNote: "Il reste dans cet onglet. Il servira au prochain tour où cet onglet s’entraîne.",
    typed: (numTrained, numKeptBack) =>
      numKeptBack === 0
        ? `${count(numTrained, texts)} pour l’entraînement. Un sur cinq reste de côté dans cet onglet, pour tester le modèle sur des textes qu’il n’a pas vus.`
        : `${count(numTrained, texts)} pour l’entraînement ; ${whole(numKeptBack)} de côté dans cet onglet, pour tester le modèle.`,
    ofKeptBack: (numTexts) => (numTexts === 1 ? "sur un texte mis de côté" : `sur ${whole(numTexts)} textes mis de côté`),
    correct: "Que faudrait-il répondre ? Mets ce texte dans tes exemples comme",
    corrected: {
      taken: "Il est dans tes exemples. Il servira au prochain tour où ton onglet s’entraîne.",
      share: "Ton onglet s’entraîne sur une part des exemples de la session. Participe avec tes propres exemples pour en ajouter.",
      nobody: "Ouvre la page pour participer dans un autre onglet de ce navigateur, avec tes propres exemples, et appuie de nouveau.",
    },
    wrongWord: "Ce n’est pas le code de cette session. Relis les trois mots au mur : majuscules et traits d’union ne comptent pas.",
  },
  tryCorrection: {
    title: "Apprends-lui : ajoute ce texte à mes exemples",
    note: "Le texte et la réponse que tu choisis restent dans ce navigateur ; ton appareil s’entraîne avec eux dès sa prochaine tâche.",
    addAs: "La bonne réponse est",
    added: (name) => `Ajouté comme « ${name} ».`,
    failed: "L’ajout a échoué : ce navigateur ne garde rien.",
  },
  sayings: {
    registering: (numHere, needed) => `${whole(numHere)} sur ${count(needed, { one: "appareil inscrit", other: "appareils inscrits" })}.`,
    gathering: (numHere, needed) =>
      `${whole(numHere)} sur ${count(needed, { one: "appareil inscrit", other: "appareils inscrits" })} ; l’organisation peut commencer plus tôt.`,
    tooFew: (numHere, needed) =>
      `${count(numHere, { one: "appareil peut", other: "appareils peuvent" })} participer ; il en faut au moins ${whole(needed)}.`,
    nobodyConnected: "Aucun appareil n’est connecté.",
    operatorPaused: "L’organisation a mis la session en pause.",
    firstPerson: "La session commence quand la première personne rejoint.",
    computeMissing: "La session attend un client de calcul, que l’organisation démarre.",
    computePaused: "Le client de calcul est en pause.",
    computeArriving: "Le client de calcul se prépare.",
    reportWaits: "La session est finie ; son rapport attend un client de calcul qui réponde à quelques messages.",
    storageFull: "Le disque du serveur est plein. Rien n’est accepté tant qu’il n’y a pas de place ; rien n’est perdu.",
    away: (ids) => `Tirés au sort pour ce tour, mais pas connectés : appareil ${ids}.`,
    tabsPaused: (numPaused) => `En pause : ${count(numPaused, tabs)}.`,
    allPaused: (numPaused) => `Tous les onglets connectés sont en pause (${whole(numPaused)}).`,
    noneWorks: (numPaused, numDeclined, numArriving) =>
      `Aucun appareil ne peut encore travailler. En pause : ${count(numPaused, tabs)} ; ne peuvent pas participer : ${whole(numDeclined)} ; se préparent : ${whole(numArriving)}.`,
    repeated: ({ count: numIn, numAsked, needed, numLeft, numLate, numDeclined }) =>
      `L’étape recommence : ${whole(numIn)} sur ${count(numAsked, { one: "contribution arrivée", other: "contributions arrivées" })}, il en faut ${whole(needed)}. Partis : ${whole(numLeft)} ; en retard : ${whole(numLate)} ; empêchés : ${whole(numDeclined)}.`,
    unanswered: ({ count: numIn, numAsked, needed, numLeft, numLate, numDeclined }) =>
      `Le rapport n’a pas de réponses : ${whole(numIn)} sur ${whole(numAsked)} arrivées, il en faut ${whole(needed)}. Partis : ${whole(numLeft)} ; en retard : ${whole(numLate)} ; empêchés : ${whole(numDeclined)}.`,
    resets: {
      lost: (deviceId) => `L’appareil ${deviceId} a perdu son état privé et recommence.`,
      declined: (deviceId) => `L’appareil ${deviceId} est venu avec un état privé que son onglet a refusé, et recommence.`,
      untrusted: (deviceId) => `L’appareil ${deviceId} a changé d’onglet sans son état privé et recommence.`,
      withdrawn: (deviceId) => `L’appareil ${deviceId} a été repris par son onglet et recommence.`,
    },
    leftOut: (deviceId, lack) => `L’appareil ${deviceId} est laissé de côté : ${lack}`,
    lacks: {
      memory: (needed, available) =>
        `le plus petit plan demande ${bytes(needed)} de mémoire, et il y a ${bytes(available)}. Ferme d’autres onglets, ou prends un ordinateur qui en a plus.`,
      roundTime: (needed, available) =>
        `le plus petit plan prend ${formats.seconds(needed)} par tour, et un tour peut prendre ${formats.seconds(available)}. Moins d’exemples prennent moins de temps.`,
      downloadTime: (needed, available) =>
        `le plus petit modèle met ${formats.seconds(needed)} à se télécharger, et peut mettre ${formats.seconds(available)}. Utilise une connexion plus rapide.`,
    },
  },
  turnedAway: {
    other: (rule) => `Le coordinateur ne laisse pas entrer cet onglet (règle ${rule}).`,
    ownNeedsOpenRun: "Cette session distribue ses propres exemples. Rejoins-la avec une part de ceux-ci.",
    typedOnly: "Les textes de cette session sont tapés par ceux qui participent. Viens avec tes propres exemples.",
    backwardNeeded: "Cet appareil n’a pas assez de mémoire pour s’entraîner dans cette session. Rejoins-la avec un autre.",
    holdsShare:
      "Ce navigateur a une part des exemples de cette session. Rejoins-la encore avec cette part, puis supprime tes données avant de venir avec tes propres exemples.",
    sentAway: "L’organisation a renvoyé cet onglet.",
    banned: "L’organisation a fermé cette session à ce navigateur.",
    wordMissing: "Cette session demande un code. Ouvre le lien que l’organisation t’a donné, ou demande le code.",
    wordWrong: "Ce n’est pas le code de cette session. Ouvre le lien que l’organisation t’a donné, ou demande le code.",
    invitationMissing: "Cette session est sur invitation. Ouvre le lien que tu as reçu.",
    invitationForeign: "L’invitation n’est pas pour cette session. Ouvre en entier le lien que tu as reçu.",
    invitationUsed: "Quelqu’un d’autre, ou un autre navigateur, a utilisé cette invitation. Demandes-en une pour toi.",
    invitationEnded: (day) => `L’invitation a expiré le ${day}. Demandes-en une autre.`,
    behindProxy:
      "Trop de codes faux sont passés par le proxy devant ce serveur, derrière lequel tous les visiteurs se ressemblent. Attends une minute, et préviens l’organisation : le serveur a besoin de --trust-proxy.",
    runFull: (most) => `La session est complète : elle prend au plus ${count(most, tabs)}.`,
    devicesFull: (most) => `La session est complète : elle a au plus ${count(most, devices)}.`,
    addressFull: (most) =>
      `La session prend au plus ${count(most, tabs)} d’une même adresse. Ferme un onglet là-bas, ou reviens plus tard.`,
    tokenFull: (most) => `La session prend au plus ${count(most, tabs)} par invitation. Demandes-en une autre.`,
    noPlan: (lack) => `Aucun plan de cette session ne convient à cet ordinateur : ${lack}`,
  },
  tabProblems: {
    otherNumbers:
      "Cet ordinateur obtient d’autres nombres que la référence, et son travail ne peut pas servir. Essaie un autre navigateur ou un autre ordinateur.",
    broken: "Quelque chose s’est mal passé ici. Recharge la page pour réessayer.",
    notDeleted: "Rien n’a été supprimé. Réessaie quand le coordinateur répondra.",
    notUnderstood: "Le coordinateur a envoyé un message que cette page ne comprend pas. Recharge la page.",
    workRefused: "Le coordinateur a refusé le travail de cet onglet.",
    taskFailed: "Cet onglet n’a pas pu faire une tâche. D’autres la font.",
    unsent: "Un travail déjà terminé n’a pas pu être envoyé.",
    deviceRefused: (rule) => `Le coordinateur a refusé un appareil (règle ${rule}).`,
    gpuLost: "le GPU a été retiré",
    workerStopped: "le programme s’est arrêté",
  },
  backendReasons: {
    titles: { webgpu: "WebGPU", wasm: "WASM", cpu: "JavaScript seul" },
    on: (name, adapter) => `${name} sur ${adapter}`,
    withThreads: (name, threads) => `${name} avec ${count(threads, threadForms)}`,
    fastest: (name, ms) => `${name} met ${whole(ms)} ms pour un pas d’essai.`,
    slower: (name, ms) => `${name} met ${whole(ms)} ms.`,
    remembered: (day) => `Retenu depuis le ${day}.`,
    askedBy: {
      run: (name) => `${name}, parce que la session le demande.`,
      address: (name) => `${name}, parce que l’adresse de cette page le demande.`,
      client: (name) => `${name}, parce que ce client le demande.`,
      fallback: (name) => `${name}, parce que les autres n’ont pas démarré.`,
    },
    insecure: "Un seul fil d’exécution, car les navigateurs ne partagent la mémoire entre eux que sur les pages https ou localhost.",
    notIsolated: "Un seul fil d’exécution, car cette page est venue sans les en-têtes qui l’isolent, ou se trouve dans une autre page.",
    noSharedMemory: "Un seul fil d’exécution, car ce navigateur ne partage pas la mémoire entre eux.",
    oneCore: "Un seul fil d’exécution, car ce navigateur dit que l’ordinateur a un seul cœur.",
    fewCores: (threads) => `Seulement ${count(threads, threadForms)}, autant que l’ordinateur a de cœurs selon ce navigateur.`,
    kernels: { shared: "Noyaux avec mémoire de groupe.", registers: "Noyaux sans barrières." },
    plainAsked: "Les noyaux rapides sont désactivés, comme demandé.",
    plainFailed: "Les noyaux rapides échouent au test sur cet ordinateur : les simples les remplacent.",
    noStart: (name) => `${name} ne démarre pas.`,
    noGpu: {
      noGpu: "WebGPU ne démarre pas : le navigateur ne prête pas de GPU. Il en bloque peut-être le pilote.",
      notOffered: "WebGPU ne démarre pas : ce navigateur n’offre pas de WebGPU.",
      insecure: "WebGPU ne démarre pas : les navigateurs ne l’offrent qu’aux pages de https ou de localhost.",
    },
    noCompute: (name) => `${name} ne calcule pas.`,
    software: (adapter) => `Le GPU a été laissé de côté : ${adapter} est simulé par logiciel.`,
  },
  orderRefusals: {
    beginsByItself: "Cette session commence toute seule quand ses appareils sont là.",
    hasBegun: "La session a déjà commencé.",
    isPaused: "La session est déjà en pause.",
    isNotPaused: "La session n’est pas en pause.",
    unknownClient: "Plus personne ici n’a cette clé.",
    isOver: "La session est finie.",
    isFollowed: "Une autre session suit déjà celle-ci.",
    isBeingFollowed: "Une autre session se prépare à suivre celle-ci.",
    nothingLearnt: "Rien n’est encore appris dont une autre méthode pourrait partir. Attends la première étape.",
    servesOne: "Ce coordinateur ne sert qu’une session. Lance `tutti serve` pour que d’autres suivent.",
    byInvitation: "Aucune session ne peut suivre une session sur invitation : ses invitations ne valent que pour elle.",
    nobodyToPoison: "Aucun appareil n’est là pour être empoisonné.",
    noUpdates: "Dans cette session, les appareils n’envoient pas de changements que l’on pourrait empoisonner.",
    noSampleFraction: "Cette méthode décide elle-même combien d’appareils elle interroge.",
    noClasses: "Les données ne peuvent pas être réparties par classe : cette tâche n’a pas de classes.",
    nothingToTakeBack: "Il n’y a rien de tel à annuler.",
    noOpenStep: "Aucune étape n’est ouverte : il n’y a rien à fermer.",
    computeStep: "Cette étape est celle du client de calcul : elle finit toute seule.",
    tooFewForRule: (size) => `La règle d’agrégation demande plus de contributions que ${count(size, devices)} n’en peuvent donner.`,
    nobodyDropped: (percent, size) => `${percent} de ${count(size, devices)}, ce n’est personne. Interroge d’abord plus d’appareils.`,
    tooFewIn: (numIn, numTasks, needed) =>
      `${whole(numIn)} sur ${count(numTasks, { one: "contribution est là", other: "contributions sont là" })}, et le tour en demande au moins ${whole(needed)}. Attends un peu, ou renvoie qui ne répond pas.`,
  },
  noPeftReasons: {
    adapter: "elle n’a pas de réseaux en goulot derrière l’attention et la partie feed-forward",
    inputPrompt: "Tutti n’écrit pas d’adaptateurs PROMPT_TUNING, seulement PREFIX_TUNING et LORA",
    ofEachText: "la méthode fait un prompt de chaque texte, et un prompt de peft est le même pour tous les textes",
    latePrompt: "la méthode fait un prompt de chaque texte et le place à la couche du milieu, où peft n’en a pas",
    projectedPrompt: "ce qui est ajusté est un vecteur dont la graine de la session fait le prompt",
    tensorTrain: "elle n’a pas de réseaux en trains de tenseurs derrière l’attention et la partie feed-forward",
    discretePrompt: "le prompt est fait de mots : mets-les devant chaque texte",
    full: "tous les poids des couches sont entraînés, et un adaptateur laisse les poids du modèle tels quels",
  },
  forgetting: {
    button: "Tout oublier sur cet ordinateur",
    question:
      "Effacer tout ce que ce navigateur garde de ce site : le modèle, tes places dans les sessions, tes exemples, ton nom et tes choix ? Ce que les sessions ont appris y reste.",
    yes: "Tout oublier",
    no: "Garder",
    left: "Un autre onglet de ce site est ouvert et garde encore quelque chose. Ferme-le, puis appuie encore une fois sur le bouton.",
  },
};
