import { liveScore, ranksText } from "@tutti/core";
import type { EvaluationPoint, Status } from "@tutti/protocol";
import { countsIn, formatsIn } from "./formats.ts";
import type { Words } from "./words.ts";

const formats = formatsIn("de", [{ one: "Byte", other: "Byte" }, "kB", "MB", "GB", "TB"]);
const count = countsIn("de");
const { bytes, whole } = formats;

const tabs = { one: "Tab", other: "Tabs" };
const devices = { one: "Gerät", other: "Geräte" };
const examples = { one: "Beispiel", other: "Beispiele" };

const what = (task: string, backbone: string) => `${task} · Modell ${backbone}`;

function roundOf({ round, numRounds }: Status): string {
  return `Runde ${Math.max(1, round)} von ${Math.max(numRounds, round)}`;
}

function ofTexts({ numExamples }: EvaluationPoint): string {
  if (numExamples === undefined) return "der Texte";
  return numExamples === 1 ? "eines Textes" : `von ${whole(numExamples)} Texten`;
}

function newcomer(point: EvaluationPoint): string {
  const score = point.text === undefined ? null : liveScore(point.text);
  const alone = "allein mit den gemeinsamen Parametern, mehr hat ein neues Gerät nicht.";
  if (score === null) return `${ofTexts(point)}, mit denen niemand trainiert hat, bekommen die richtige Klasse: ${alone}`;
  return score.metric === "rougeL"
    ? `sagt von 0 bis 1, wie gut erzeugte Antworten zu ihren Vorlagen passen, auf Texte, mit denen niemand trainiert hat: ${alone}`
    : `der Token von Antworten, mit denen niemand trainiert hat (${ofTexts(point)}), werden richtig vorhergesagt: ${alone}`;
}

/** Every sentence in German, to one person whom it calls du. */
export const german: Words = {
  formats,
  roundOf,
  promise: "Leih uns diesen Tab. Trainiert zusammen ein Sprachmodell.",
  deviceMeaning: "Ein Gerät nimmt mit eigenen Beispielen teil; dein Tab kann mehrere Geräte haben.",
  footer: {
    about:
      "Tutti heißt „alle zusammen“. Das Modell wurde anderswo vortrainiert; deine Beispiele bleiben in deinem Tab. Diese Seite verfolgt dich nicht.",
    thisServer: "Sie spricht nur mit diesem Server.",
    otherServer: (host) => `Sie spricht mit diesem Server und lädt das Modell von ${host}.`,
  },
  pageLinks: { label: "Seiten dieses Laufs", join: "Mitmachen", stage: "Bühne", try: "Ausprobieren" },
  languageChoice: { label: "Sprache", failed: "Die Datei dieser Sprache kam nicht an. Versuch es noch einmal." },
  connectionNames: {
    offline: "nicht verbunden",
    connecting: "verbindet sich",
    online: "verbunden",
    retrying: "verbindet sich neu",
    unapproved: "wartet auf Einlass",
  },
  plansCard: {
    title: "Pläne",
    heads: ["Gerät", "Tempo", "Speicher", "Leitung", "Bit", "Batch", "Ränge × Matrizen", "Zeit", "Ungenutzt"],
    cells: ({ deviceId, machine, bits, batchSize, ranks, seconds, memoryBytes, underUse }) => [
      String(deviceId),
      `${formats.number(machine.flopsPerSecond / 1e9)} Gflop/s`,
      `${bytes(memoryBytes)} von ${bytes(machine.memoryBytes)}`,
      `${bytes(machine.bytesPerSecond)}/s`,
      String(bits),
      String(batchSize),
      ranksText(ranks.filter((rank) => rank > 0)),
      formats.seconds(seconds),
      formats.percent(Math.max(0, underUse)),
    ],
    note:
      "Jedes Gerät trainiert so viele Teile von niedrigem Rang, wie sein Rechner und seine Leitung schaffen. Tempo, Speicher und Leitung gibt jeder " +
      "Tab selbst an; Zeit ist die erwartete Dauer einer Runde, ungenutzt ist der Rest der Runde.",
    leftOut: (deviceId, reason) => `Gerät ${deviceId} setzt in dieser Runde aus: ${reason}.`,
  },
  landing: {
    lead:
      "Viele Browser-Tabs trainieren zusammen ein Sprachmodell, jeder mit eigenen Beispielen. Wenn du mitmachst, lädt dieser Tab das Modell einmal " +
      "herunter. In jeder Runde, für die er ausgewählt wird, trainiert er mit seinen Beispielen und schickt die trainierten Parameter zurück.",
    sentTitle: "Was gesendet wird",
    sent: "Die Parameter, die dieser Tab in den gemeinsamen Schichten trainiert, und Messwerte wie Loss, Genauigkeit und die Zahl der Beispiele.",
    sentMachine:
      " Wenn der Lauf für jedes Gerät plant, erfährt der Server auch, wie schnell dieser Computer und seine Leitung sind und wie viel Speicher er ungefähr hat; alle im Lauf können das sehen.",
    sentCopy:
      " Der Server behält auch eine Kopie der Parameter der anderen Schichten, damit ein anderer Tab weitermachen kann, wenn dieser zugeht.",
    keptTitle: "Was hier bleibt",
    kept: "Die Beispiele und alles andere auf diesem Computer. Zum Aufhören schließ den Tab.",
    keptWithLayers:
      "Die Beispiele, die Parameter aller anderen Schichten und alles andere auf diesem Computer. Zum Aufhören schließ den Tab.",
    join: "Mitmachen",
    codeWord: "Codewort",
    codeWordNote: "Es steckt in deinem Link, oder die Leitung des Laufs sagt es dir.",
    needsInvitation: "Bei diesem Lauf macht mit, wer eingeladen ist. Öffne den Link deiner Einladung; jeder Link lässt einen Browser ein.",
    finished: "Dieser Lauf ist fertig: Es gibt nichts mehr zu trainieren. Danke an alle, die mitgemacht haben.",
    looking: "Der Lauf wird gesucht …",
    what,
    run: (task, backbone, numTabs) =>
      `${what(task, backbone)} · ${numTabs === 0 ? "noch kein Tab verbunden" : `${count(numTabs, tabs)} verbunden`}`,
    whichExamples: "Mit welchen Beispielen soll dieser Tab trainieren?",
    share: "Mit einem Teil der Beispiele des Laufs",
    shareNote: "Du musst nichts vorbereiten.",
    ownFile: "Mit meiner eigenen Datei",
    ownFileNote: "Die Datei bleibt in diesem Tab. Der Server erfährt nur, wie viele Beispiele sie hat.",
    countsUpTo: (limit) => ` Sie zählt höchstens als ${count(limit, examples)}.`,
    ownFileKind: "Eine Datei in CSV, TSV oder JSON Lines, in UTF-8, mit den Spalten",
    and: "und",
    classes: (names) => (names.length === 0 ? "" : `Jedes Label ist eines von: ${names.join(", ")}.`),
    insecure:
      "Diese Seite kam über einfaches http, darum gibt ihr der Browser weder die GPU noch mehr als einen Thread. Das Training klappt, ist aber " +
      "meist langsamer. Über https kann die Seite beides nutzen, wo der Computer es hat, und den Bildschirm wach halten.",
  },
  preview: { text: "Text", label: "Label" },
  fileProblems: {
    tooLarge: (file, numBytes, maxBytes) =>
      `${file} hat ${bytes(numBytes)}; diese Seite liest höchstens ${bytes(maxBytes)}. Nimm einen kleineren Teil davon.`,
    tooManyRows: (file, numRows, maxRows) =>
      `${file} hat ${count(numRows, { one: "Zeile", other: "Zeilen" })}; diese Seite nimmt höchstens ${whole(maxRows)}. Nimm einen kleineren Teil davon.`,
    textTask: (title) =>
      `„${title}“ verlangt Antworten in Worten, und diese Seite liest nur Dateien mit einem Label zu jedem Text. Nimm einen Teil der Beispiele des Laufs.`,
  },
  runProblems: {
    silent: "Der Koordinator, der Server dieses Laufs, antwortet nicht. Du kannst trotzdem mitmachen: Die Seite versucht es weiter.",
    status: (code) =>
      `Der Koordinator, der Server dieses Laufs, meldet einen Fehler (HTTP ${code}). Du kannst trotzdem mitmachen: Die Seite versucht es weiter.`,
    notUnderstood: "Diese Seite versteht die Antwort des Koordinators nicht; vielleicht ist sie älter als der Server. Lade sie neu.",
  },
  stageNames: {
    score: "Wichtige Schichten suchen",
    count: "Zahl der gemeinsamen Schichten bestimmen",
    train: "Training",
  },
  phaseNames: {
    backend: "GPU oder CPU wählen",
    backbone: "Sprachmodell herunterladen",
    tokenizer: "Tokenizer herunterladen",
    dataset: "Beispiele dieses Tabs laden",
    admission: "Prüfen, ob dieser Computer richtig rechnet",
  },
  headlines: {
    connecting: "Verbindung zum Lauf",
    unapproved: "Warten auf Einlass",
    loading: "Vorbereitung",
    waitingForDevice: "Bereit, wartet auf ein Gerät",
    waitingForTurn: "Bereit, wartet, bis dieser Tab dran ist",
    pausing: "Diese Aufgabe noch, dann Pause",
    paused: "Pause",
    retrying: "Der Koordinator antwortet nicht",
    replaced: "Ein anderer Tab hat übernommen",
    finished: "Der Lauf ist fertig",
    left: "Du hast den Lauf verlassen",
    reload: "Diese Seite ist veraltet",
    failed: "Dieser Tab kann nicht mitmachen",
    evaluate: "Prüfen, wie gut das Modell ist",
    score: "Schichten bewerten",
    probe: "Messen, wie viele Schichten nötig sind",
    train: "Training mit den Beispielen dieses Tabs",
    logits: "Mit dem großen Modell lesen",
    distil: "Das große Modell in das kleine destillieren",
    answers: "Nachrichten für den Bericht beantworten",
  },
  explanations: {
    unapproved: "Die Leitung dieses Laufs lässt jeden Tab einzeln ein. Lass diesen Tab offen: Es geht von selbst los.",
    paused: "Dieser Tab bekommt keine neue Arbeit, bis du weitermachst.",
    retrying:
      "Vielleicht startet der Server gerade neu, oder das Netz ist weg. Dieser Tab behält seine Arbeit und verbindet sich von selbst wieder; lass ihn offen.",
    replaced:
      "Ein anderer Tab oder ein anderes Fenster dieses Browsers hat jetzt den Platz. Schließ diesen Tab, oder nimm ihn statt des anderen.",
    leftKept: "Danke. Dieser Browser merkt sich deinen Platz, falls du wiederkommst.",
    deleted: ({ numStates, numControls, numContributions, numSummed }) => {
      const gone = `${count(numStates, { one: "privaten Zustand", other: "private Zustände" })}, ${count(numControls, { one: "Kontrollvariate", other: "Kontrollvariaten" })} und ${count(numContributions, { one: "noch nicht summierten Beitrag", other: "noch nicht summierte Beiträge" })}`;
      const stays =
        numSummed === 0
          ? "Von diesem Tab steckt nichts im Modell."
          : `${count(numSummed, { one: "Beitrag seiner Geräte wurde", other: "Beiträge seiner Geräte wurden" })} vorher summiert: Das ist Teil des Modells und lässt sich nicht herausnehmen.`;
      return `Der Server hat ${gone} gelöscht, dazu Schlüssel und Namen dieses Tabs; dieser Browser hat seine Geräte gelöscht. ${stays}`;
    },
    leftNotKept: "Danke. Dieser Browser hat nichts behalten; wenn du wiederkommst, fängt dieser Tab von vorn an.",
    reloadKept: "Der Koordinator hat eine andere Version dieser Seite. Lade sie neu; die Arbeit dieses Tabs bleibt erhalten.",
    reloadNotKept:
      "Der Koordinator hat eine andere Version dieser Seite. Lade sie neu; dieser Tab fängt dann von vorn an, weil der Browser nichts behält.",
    removed: "Die Leitung hat diesen Tab aus dem Lauf genommen.",
    finished: "Danke, dass du diesen Tab geliehen hast. Du kannst ihn jetzt schließen.",
    notBegun: "Der Lauf beginnt, wenn genug Geräte da sind.",
    everyRound: "In jeder Runde machen alle Geräte mit. Lass diesen Tab offen.",
    someRounds: "In jeder Runde lost der Koordinator einige Geräte aus. Lass diesen Tab offen: Vielleicht ist er bald dran.",
    noDevice: "Gerade haben andere Tabs alle Geräte dieses Laufs. Lass diesen Tab offen: Er bekommt das nächste, das frei wird.",
  },
  notices: {
    reset:
      "Der Koordinator hat die frühere Arbeit dieses Tabs nicht mehr, darum beginnt der Tab wieder mit den gemeinsamen Parametern. Du musst nichts tun.",
    chooseAgain: (isKept) =>
      `Diese Seite wurde neu geladen, und deine Beispiele waren nur in diesem Tab. Wähl dieselbe Datei noch einmal; der Tab ${
        isKept ? "macht dann weiter, wo er war." : "fängt dann von vorn an, weil dieser Browser nichts behält."
      }`,
    notKept: (reason, wasReloaded) =>
      `Dieser Browser behält nichts von der Arbeit dieses Tabs (${reason}). ${
        wasReloaded
          ? "Beim Neuladen ging sie verloren, und der Tab hat von vorn angefangen."
          : "Nach einem Neuladen fängt der Tab von vorn an."
      }`,
    storageBlocked: "seine Einstellungen verbieten es; erlaube dieser Seite, Daten zu speichern",
    noStorage: "er bietet keinen Speicher",
    unknownReason: "er sagt nicht, warum",
    noDatabase: "er hat für diese Seite keine Datenbank geöffnet",
    oldDatabase: "ein anderer Tab hält eine ältere Fassung der Daten dieser Seite; schließ ihn und lade diesen neu",
    threadsStuck: (numThreads, seconds) =>
      `${whole(numThreads)} Threads kamen in ${whole(seconds)} s nicht in Gang, darum nimmt dieser Tab einen`,
    stuck: (backend, seconds) => `das Backend ${backend} kam in ${whole(seconds)} s nicht in Gang; lade diese Seite neu`,
    gpuStuck: (seconds) => `die GPU kam in ${whole(seconds)} s nicht in Gang, darum rechnet dieser Tab mit der CPU`,
  },
  runPage: {
    runTitle: "Der Lauf",
    notBegun: "Der Lauf hat noch nicht begonnen.",
    here: ({ numConnected, numDevices }) => `${count(numConnected, tabs)}, ${count(numDevices, devices)}`,
    resets: ({ count: numResets, last }) =>
      `${count(numResets, { one: "Gerät hat", other: "Geräte haben" })} wieder mit den gemeinsamen Prompts begonnen; zuletzt: ${last}.`,
    staffNote: "Jede Note ist eine Runde; je höher die Note, desto kleiner der Loss.",
    layersTitle: "Schichten",
    layersNote: "Je höher der Balken, desto wichtiger die Schicht.",
    noLayersYet: "Der Lauf hat noch keine Schichten ausgewählt. Bis dahin teilt er alle.",
    shared: "gemeinsam",
    notShared: "nicht gemeinsam",
    lossTitle: "Loss dieses Tabs",
    noLossYet: "Die Linie beginnt mit dem ersten Trainingsschritt.",
    lossNote: "Über etwa fünf Schritte geglättet; kleiner ist besser.",
    working: "Arbeitet",
    taskProgress: "Fortschritt dieser Aufgabe",
    downloadProgress: "Fortschritt des Downloads",
    stepOf: (step, numSteps) => `Schritt ${whole(step)} von ${whole(numSteps)}`,
    taskOf: (deviceId, round) => `Gerät ${deviceId}, Runde ${round}`,
    tasksDone: (numTasks) => `${count(numTasks, { one: "Aufgabe", other: "Aufgaben" })} in diesem Tab erledigt`,
    downloaded: (numBytes, totalBytes) => `${bytes(numBytes)} von ${bytes(totalBytes)}`,
    pace: (bytesPerSecond, secondsLeft) => `${bytes(bytesPerSecond)}/s · noch ${formats.seconds(Math.round(secondsLeft))}`,
  },
  buttons: {
    reload: "Neu laden",
    tryAgain: "Noch einmal versuchen",
    newRun: "Neuen Lauf suchen",
    useThisTab: "Diesen Tab nehmen",
    joinAgain: "Wieder mitmachen",
    resume: "Weitermachen",
    pause: "Pause",
    leave: "Aufhören",
    leaveAndDelete: "Aufhören und meine Daten löschen",
  },
  traffic: {
    title: "Daten dieses Tabs",
    sent: "gesendet",
    saved: "gespart, weil weniger gesendet wird",
    received: "empfangen",
    note: "Der Download des Modells zählt nicht mit. Gespart: verglichen mit allen Schichten und vier Byte je Zahl.",
  },
  computer: {
    title: "Dieser Computer",
    backend: "rechnet mit",
    devices: "Geräte hier",
    noDevices: "noch keine",
    examples: "Beispiele hier",
    notYet: "Steht hier, wenn der Tab bereit ist.",
    backendName(backend, threads) {
      if (backend === "webgpu") return "GPU";
      return backend === "cpu" ? "CPU, reines JavaScript" : `CPU, ${count(threads, { one: "Thread", other: "Threads" })}`;
    },
  },
  results: {
    title: "Ergebnisse",
    newcomer,
    scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "Token-Genauigkeit" },
    personalised: "auf den Geräten, die mitgemacht haben, mit ihren eigenen Parametern",
    zeroShot: "vor jedem Training",
    ofTexts,
  },
  figures: {
    noRound: "Noch keine Runde",
    round: (round) => `Der Lauf ist in ${round}`,
    noScores: "Noch keine Werte für Schichten",
    scores: (list, selected) =>
      `Werte: ${list}. ${selected === null ? "Noch keine Schichten ausgewählt" : `Gemeinsame Schichten: ${selected.join(", ") || "keine"}`}.`,
    score: (layer, score) => `Schicht ${layer}: ${score === null ? "ohne Wert" : formats.digits(score, 3)}`,
    noLoss: "Noch kein Loss",
    loss: (first, latest) => `Trainings-Loss: anfangs ${first}, jetzt ${latest}`,
    tabs: (numTabs) => count(numTabs, tabs),
  },
  stage: { title: "Die Bühne" },
  tryPage: { title: "Probier das Modell aus" },
};
