import { liveScore, ranksText } from "@tutti/core";
import type { EvaluationPoint, Status } from "@tutti/protocol";
import { roundedSeconds } from "../join/estimates.ts";
import { countsIn, formatsIn } from "./formats.ts";
import type { Words } from "./sentences.ts";

const formats = formatsIn("de", [{ one: "Byte", other: "Byte" }, "kB", "MB", "GB", "TB"]);
const count = countsIn("de");
const { bytes, whole } = formats;

const tabs = { one: "Tab", other: "Tabs" };
const devices = { one: "Gerät", other: "Geräte" };
const examples = { one: "Beispiel", other: "Beispiele" };

const energyKinds = { phone: "Handy", tablet: "Tablet", laptop: "Laptop", computer: "Laptop oder Desktop-Computer" };
const wattHours = (value: number) => formats.fixed(value, value >= 10 ? 0 : value >= 1 ? 1 : 2);
const threadForms = { one: "Thread", other: "Threads" };
const rows = { one: "Zeile", other: "Zeilen" };
const backends = { webgpu: "Die GPU", wasm: "Die CPU", cpu: "Die CPU mit reinem JavaScript" };

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
  roundOf,
  promise: "Leih uns diesen Tab. Trainiert zusammen ein Sprachmodell.",
  deviceMeaning: "Ein Gerät nimmt mit eigenen Beispielen teil; dein Tab kann mehrere Geräte haben.",
  footer: {
    about: "Tutti heißt „alle zusammen“. Das Modell wurde anderswo vortrainiert; Beispiele bleiben in dem Tab, der mit ihnen trainiert.",
    thisServer: "Sie spricht nur mit diesem Server.",
    otherServer: (host) => `Sie spricht mit diesem Server und lädt das Modell von ${host}.`,
  },
  pageLinks: {
    label: "Seiten dieses Laufs",
    join: "Mitmachen",
    stage: "Bühne",
    try: "Ausprobieren",
    elsewhere: "(öffnet einen anderen Tab)",
  },
  formats,
  languageChoice: { label: "Sprache", failed: "Die Datei dieser Sprache kam nicht an. Versuch es noch einmal." },
  connectionNames: {
    offline: "nicht verbunden",
    connecting: "verbindet sich",
    online: "verbunden",
    retrying: "verbindet sich neu",
    unapproved: "wartet auf Einlass",
    stopped: "der Lauf ist gestoppt",
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
  },
  taskTitles: {
    "feedback/sentiment": "Rückmeldungen: Lob oder Beschwerde?",
    "feedback/topic": "Rückmeldungen: Worum geht es?",
    replies: "Rückmeldungen: Was würdest du antworten?",
  },
  landing: {
    lead: "Drück auf „Mitmachen“: Dieser Tab trainiert dann einen kleinen Teil des Modells mit seinen Beispielen und schickt zurück, was er gelernt hat. Du kannst jederzeit Pause machen oder aufhören.",
    join: "Mitmachen",
    joinHereToo: "Auch hier mitmachen",
    downloads: (newBytes, keptBytes) => {
      if (newBytes === 0) return "Nichts herunterzuladen: Dieser Browser hat schon alles.";
      const rest = keptBytes === 0 ? ", einmal" : `; die anderen ${bytes(keptBytes)} sind schon hier`;
      return `Lädt ${bytes(newBytes)} herunter${rest}.`;
    },
    codeWord: "Codewort",
    codeWordNote: "Es steckt in deinem Link, oder die Leitung des Laufs sagt es dir.",
    name: "Dein Name in diesem Lauf",
    nameNote: "Freiwillig. Alle im Lauf können ihn sehen; dieser Browser merkt ihn sich.",
    needsInvitation: "Bei diesem Lauf macht mit, wer eingeladen ist. Öffne den Link deiner Einladung; jeder Link lässt einen Browser ein.",
    finished: "Dieser Lauf ist fertig",
    finishedNote:
      "Es gibt nichts mehr zu trainieren. Danke an alle, die mitgemacht haben. Sieh nach, wie gut das Modell gelernt hat, oder lass es dir antworten.",
    seeResults: "Ergebnisse ansehen",
    tryModel: "Modell ausprobieren",
    looking: "Der Lauf wird gesucht …",
    whichExamples: "Mit welchen Beispielen soll dieser Tab trainieren?",
    share: "Mit einem Teil der Beispiele des Laufs",
    shareNote: "Du musst nichts vorbereiten.",
    own: "Mit meinen eigenen Beispielen",
    ownNote: "Getippt, eingefügt oder aus einer Datei. Sie bleiben in diesem Browser; der Server erfährt nur, wie viele es sind.",
    countsUpTo: (limit) => ` Sie zählen höchstens als ${count(limit, examples)}.`,
    needsExamples: "Füg zuerst mindestens ein Beispiel hinzu.",
    textTask: (title) =>
      `„${title}“ verlangt Antworten in Worten, und diese Seite nimmt eigene Beispiele nur, wo jedes ein Label hat. Nimm einen Teil der Beispiele des Laufs.`,
  },
  programme: {
    title: "Dieser Lauf",
    purpose: "Wofür",
    host: "Von wem",
    nobodySaid: (address) => `Der Server unter ${address}; er nennt keinen Namen.`,
    model: "Modell",
    download: "Download",
    downloadOf: (modelBytes, scriptBytes) => `${bytes(modelBytes)} Modell und ${bytes(scriptBytes)} Skript, einmal`,
    downloadLeft: (newBytes, keptBytes) =>
      newBytes === 0
        ? `Nichts: ${bytes(keptBytes)} sind schon in diesem Browser`
        : `${bytes(newBytes)}; ${bytes(keptBytes)} sind schon in diesem Browser`,
    modelUnknown: "Wie groß das Modell ist, ist noch nicht bekannt.",
    duration: "Wie lange",
    waiting: (steps) =>
      `Noch nicht begonnen; ${count(steps, { one: "Schritt", other: "Schritte" })} zu tun. Wie lange sie dauern, steht nach dem ersten Trainingsschritt fest.`,
    running: (numDone, numSteps) =>
      `${whole(numDone)} von ${count(numSteps, { one: "Schritt", other: "Schritten" })} getan. Wie lange der Rest dauert, steht nach dem ersten Trainingsschritt fest.`,
    left: (seconds, numDone, numSteps) =>
      `Noch etwa ${formats.seconds(seconds)}; ${whole(numDone)} von ${count(numSteps, { one: "Schritt", other: "Schritten" })} getan.`,
    unknown: "Bis der Lauf fertig ist, oder bis du aufhörst.",
    here: "Jetzt hier",
    tabs: (numTabs) => (numTabs === 0 ? "Noch niemand" : count(numTabs, tabs)),
  },
  privacy: {
    sentTitle: "Was diesen Tab verlässt",
    parameters: "Die Parameter, die er in den gemeinsamen Schichten trainiert.",
    measurements: "Messwerte: Loss, Genauigkeit, die Zahl der Beispiele, womit er rechnet.",
    states:
      "Eine Kopie der Parameter seiner eigenen Schichten; der Server hebt sie auf, damit ein anderer Tab weitermachen kann, wenn dieser zugeht.",
    machine: "Wie schnell dieser Computer und seine Leitung sind und wie viel Speicher er ungefähr hat. Alle im Lauf können das sehen.",
    maybeMachine: "Wenn der Lauf für jedes Gerät plant: wie schnell dieser Computer ist und wie viel Speicher er ungefähr hat.",
    name: "Dein Name, wenn du einen angibst.",
    neverTitle: "Was ihn nie verlässt",
    examples: "Deine Beispiele: kein Wort davon.",
    layers: "Die Parameter der Schichten, die nicht gemeinsam sind.",
    rest: "Alles andere auf diesem Computer. Diese Seite verfolgt dich nicht.",
    keptTitle: "Was dieser Browser behält",
    kept: "Das Modell und deinen Platz im Lauf, damit du wiederkommen kannst. „Aufhören und meine Daten löschen“ entfernt deinen Platz hier und auf dem Server.",
    stop: "Hör auf oder schließ den Tab, und hier endet das Training. Was vorher in das Modell summiert wurde, bleibt darin.",
    keptOwn: "Deine eigenen Beispiele, wenn du welche hinzufügst, bis du „Alle vergessen“ drückst.",
    keptNothing: "Nichts: Seine Einstellungen verbieten es. Nach einem Neuladen fängt der Tab von vorn an.",
  },
  preflight: {
    title: "Dieses Gerät",
    looking: "Gerade wird geprüft, was dieses Gerät kann …",
    names: { backend: "Rechnet mit", speed: "Tempo", memory: "Arbeitsspeicher", storage: "Speicherplatz", battery: "Akku" },
    asked: (backend) => `${backends[backend]}, weil die Adresse dieser Seite es verlangt.`,
    backends,
    remembered: (backend, threads) =>
      `${backend === "webgpu" ? "Die GPU" : `Die CPU mit ${count(threads, threadForms)}`}: Das war am schnellsten, als dieser Browser gemessen hat.`,
    measured: (threads) =>
      `Die GPU oder ${count(threads, { one: "CPU-Thread", other: "CPU-Threads" })}: Beide werden einmal gemessen, wenn du mitmachst, und der schnellere Weg wird genommen.`,
    software: (threads) =>
      `Wohl die CPU mit ${count(threads, threadForms)}: Dieser Browser bietet nur eine GPU, die in Software nachgeahmt wird.`,
    noGpu: (threads) => `Die CPU mit ${count(threads, threadForms)}.`,
    plainHttp: "Die CPU mit einem Thread, weil diese Seite über einfaches http kam.",
    mend: {
      openHttps: "Öffne den https-Link des Laufs, falls es einen gibt: Über https kann die Seite die GPU und alle Threads nutzen.",
      firefoxNew: "Firefox: Aktualisiere auf Version 141 oder neuer, um die GPU zu nutzen.",
      firefoxFlag: "Firefox: Schalte dom.webgpu.enabled in about:config ein und lade neu, wenn du die GPU probieren willst.",
      chromeFlag: "Chrome: Schalte chrome://flags/#enable-unsafe-webgpu ein und starte neu, wenn du die GPU probieren willst.",
      chromeNew: "Aktualisiere diesen Browser auf Version 113 oder neuer, um die GPU zu nutzen.",
      safari: "Safari: Version 26 oder neuer kann die GPU nutzen.",
      hardware: "Wenn dieser Computer eine GPU hat, schalte in den Einstellungen des Browsers die Grafikbeschleunigung ein.",
      notIsolated: "Für mehr Threads braucht der Server Isolations-Header; wer ihn betreibt, findet sie in docs/deploy.md.",
      closeOthers: "Schließ andere Tabs und Programme, oder mach mit einem Computer mit, der mehr Speicher hat.",
      room: "Schaff etwas Platz, sonst wird das Modell bei jedem Besuch neu geladen.",
      privateWindow: "Nimm ein normales Fenster, wenn du später wiederkommen willst.",
      allowStorage: "Erlaube dieser Seite, Daten zu speichern, wenn du später wiederkommen willst.",
      plugIn: "Steck das Ladegerät an, oder hör auf, wann du magst.",
    },
    speed: (gigaflops, cores) =>
      `Etwa ${formats.digits(gigaflops, 2)} Milliarden Rechenschritte pro Sekunde auf ${cores === 1 ? "seinem einen Kern" : `einem von ${whole(cores)} Kernen`}`,
    memory: (gib) => `Mindestens ${formats.number(gib)} GB`,
    lowMemory: (gib, neededBytes) => `Etwa ${formats.number(gib)} GB; dieses Modell braucht beim Training etwa ${bytes(neededBytes)}.`,
    forwardMemory: (gib, neededBytes) =>
      `Etwa ${formats.number(gib)} GB; Training braucht etwa ${bytes(neededBytes)}. Dein Gerät probiert stattdessen Änderungen am Modell aus, was weniger braucht, und schickt, wie gut jede war.`,
    storage: (freeBytes) => `${bytes(freeBytes)} frei: Das Modell bleibt für den nächsten Besuch.`,
    storageWorks: "Das Modell bleibt für den nächsten Besuch.",
    littleRoom: (freeBytes, neededBytes) => `${bytes(freeBytes)} frei; das Modell braucht ${bytes(neededBytes)}.`,
    privateWindow: "Ein privates Fenster: Was es behält, endet mit dem Fenster.",
    noStorage: "Dieser Browser behält nichts von dieser Seite: Nach einem Neuladen fängt der Tab von vorn an.",
    battery: (level, isCharging) => `${formats.percent(level)}${isCharging ? ", lädt" : ""}`,
  },
  otherTab: {
    found:
      "Ein anderer Tab dieses Browsers macht in diesem Lauf schon mit. Wenn du auch hier mitmachst, zählt dieser Tab als weitere Person, und beide teilen sich das Tempo dieses Computers.",
    show: "Zeig mir den Tab",
    shown: "Der Titel des anderen Tabs beginnt jetzt mit ▶. Diesen kannst du schließen.",
  },
  examplesEditor: {
    typeTitle: "Ein Beispiel tippen",
    text: "Text",
    firstText: "Erster Text",
    secondText: "Zweiter Text",
    addAs: "Hinzufügen als",
    added: (name) => `Als „${name}“ hinzugefügt.`,
    typeFirst: "Tipp zuerst einen Text, dann wähl, was er ist.",
    pasteTitle: "Aus einer Tabelle einfügen",
    pasteNote: "Kopier die Zellen mit den Texten und ihren Labels, mit oder ohne die Zeile der Spaltennamen, und füg sie hier ein.",
    readPaste: "Lesen",
    fileTitle: "Oder wähl eine Datei in CSV, TSV oder JSON Lines",
    addedRows: (numRows) => `${count(numRows, examples)} hinzugefügt.`,
    counts: (numExamples, classes) =>
      `${count(numExamples, examples)}: ${classes.map(({ name, count: ofClass }) => `${whole(ofClass)} ${name}`).join(", ")}`,
    oneClass: (name) => `Alle sind „${name}“. Das Modell lernt mehr, wenn du Beispiele einer anderen Klasse hinzufügst.`,
    textOf: (number) => `Text von Beispiel ${number}`,
    secondTextOf: (number) => `Zweiter Text von Beispiel ${number}`,
    classOf: (number) => `Klasse von Beispiel ${number}`,
    remove: (number) => `Beispiel ${number} löschen`,
    previous: "Zurück",
    next: "Weiter",
    page: (page, numPages) => `${page} von ${numPages}`,
    kept: "Dieser Browser behält die Beispiele, damit sie beim Neuladen nicht verloren gehen.",
    notKept: "Dieser Browser behält nichts: Beim Neuladen gehen diese Beispiele verloren.",
    forget: "Alle vergessen",
    addAsClass: (name) => `Hinzufügen als ${name}`,
  },
  sheet: {
    title: (name, numRows) => `${name}: ${count(numRows, rows)}`,
    pasted: "Eingefügt",
    columnName: (number) => `Spalte ${number}`,
    columnFor: { text: "Spalte mit dem Text", textB: "Spalte mit dem zweiten Text", label: "Spalte mit dem Label" },
    noColumn: "Wähl eine Spalte",
    hasHeader: "In der ersten Zeile stehen die Namen der Spalten",
    mappingTitle: "Welche Klasse bedeutet jedes Label?",
    leaveOut: "Weglassen",
    leftOut: ({ empty, unlabelled, unmapped, unreadable }) => {
      const parts = [
        [empty, "ohne Text"],
        [unlabelled, "ohne Label"],
        [unmapped, "mit einem Label, das keine Klasse bedeutet"],
        [unreadable, "nicht lesbar"],
      ] as const;
      const said = parts.filter(([numRows]) => numRows > 0).map(([numRows, what]) => `${count(numRows, rows)} ${what}`);
      return said.length === 0 ? "" : `Weggelassen: ${said.join(", ")}.`;
    },
    take: (numRows) => `${count(numRows, examples)} hinzufügen`,
    cancel: "Abbrechen",
    noRows: "Unter den Namen der Spalten stehen keine Zeilen.",
    noLabels: "Jeder Text braucht ein Label, in einer Spalte daneben. Wähl diese Spalte, oder tipp die Beispiele.",
    sameColumn: "Text und Label müssen in zwei Spalten stehen.",
    tooManyLabels: (numValues) =>
      `In dieser Spalte stehen ${whole(numValues)} verschiedene Werte, zu viele für Labels. Wähl eine andere Spalte.`,
    nothingMapped: "Wähl, welche Klasse jedes Label bedeutet; dann lassen sich die Zeilen hinzufügen.",
    noRoom: (numRows, room) =>
      `${count(numRows, rows)} sind zu viele: Es ist Platz für ${whole(room)}. Nimm einen kleineren Teil der Datei.`,
  },
  fileProblems: {
    empty: (file) => `${file} ist leer: Für jedes Beispiel braucht es eine Zeile.`,
    tooLarge: (file, numBytes, maxBytes) =>
      `${file} hat ${bytes(numBytes)}; diese Seite liest höchstens ${bytes(maxBytes)}. Nimm einen kleineren Teil davon.`,
    spreadsheet: (file) =>
      `${file} ist eine Tabellendatei oder ein ZIP-Archiv. Speichere das Blatt als CSV, oder kopier seine Zellen und füg sie hier ein.`,
    packed: (file) => `${file} ist mit gzip gepackt. Entpack die Datei zuerst.`,
    binary: (file) => `${file} ist keine Textdatei. Speichere sie als CSV oder JSON Lines in UTF-8.`,
    notUtf8: (file) => `${file} ist kein UTF-8-Text. Speichere die Datei als UTF-8.`,
    otherKind: (file) => `${file}: Diese Seite liest Dateien mit der Endung .csv, .tsv oder .jsonl.`,
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
    search: "Suchen eines besseren Prompts mit den Beispielen dieses Tabs",
    edit: "Probieren anderer Wörter im Prompt mit den Beispielen dieses Tabs",
    perturb: "Ausprobieren von Änderungen mit den Beispielen dieses Tabs",
    train: "Training mit den Beispielen dieses Tabs",
    logits: "Mit dem großen Modell lesen",
    distil: "Das große Modell in das kleine destillieren",
    answers: "Nachrichten für den Bericht beantworten",
    stopped: "Der Lauf wurde gestoppt",
  },
  othersHeadlines: {
    train: "Bereit, während andere Geräte trainieren",
    evaluate: "Bereit, während andere Geräte das Modell prüfen",
    score: "Bereit, während andere Geräte die Schichten bewerten",
    probe: "Andere Geräte messen, wie viele Schichten nötig sind",
    search: "Andere Geräte suchen einen besseren Prompt",
    edit: "Andere Geräte probieren andere Wörter im Prompt",
    perturb: "Andere Geräte probieren Änderungen aus",
    logits: "Bereit, während das große Modell liest",
    distil: "Bereit, während das große Modell destilliert wird",
    answers: "Bereit, während die Nachrichten des Berichts beantwortet werden",
  },
  restHeadlines: {
    user: "Pause",
    afterTask: "Pause",
    dataCap: "Pause: Dein Datenlimit ist erreicht",
    notCharging: "Ruht, bis dieser Computer lädt",
    notIdle: "Ruht, während du diesen Computer benutzt",
    hidden: "Ruht, bis du diesen Tab ansiehst",
  },
  restExplanations: (reason, holdSeconds, isHeld) => {
    const why = {
      user: "Dieser Tab tut nichts, bis du weitermachst, auch nach einem Neuladen.",
      afterTask: "Dieser Tab bekommt keine neue Arbeit, bis du weitermachst, auch nach einem Neuladen.",
      dataCap: "Mach weiter, um noch einmal so viel zu erlauben, oder wähl unten ein größeres Limit.",
      notCharging: "Sobald das Ladegerät steckt, geht es von selbst weiter.",
      notIdle: "Wenn du eine Minute weg bist, geht es von selbst weiter.",
      hidden: "Es geht von selbst weiter.",
    }[reason];
    return isHeld
      ? `${why} Die begonnene Aufgabe wartet hier ${formats.seconds(holdSeconds)}; dann geht sie zurück, damit niemand auf sie wartet.`
      : why;
  },
  explanations: {
    unapproved: "Die Leitung dieses Laufs lässt jeden Tab einzeln ein. Lass diesen Tab offen: Es geht von selbst los.",
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
    stopped:
      "Der Koordinator hat sich verabschiedet und ist beendet. Dieser Tab behält seine Arbeit; geht der Lauf weiter, macht er von selbst wieder mit. Du kannst ihn auch schließen.",
    arriving: (numLoading, numReady, numNeeded) =>
      `${count(numLoading, { one: "Gerät lädt", other: "Geräte laden" })} in den Tabs, die da sind; ${whole(numReady)} von ${whole(numNeeded)} sind bereit.`,
    othersWork: (numDone, numTasks) =>
      `${whole(numDone)} von ${count(numTasks, { one: "Gerät", other: "Geräten" })} in diesem Schritt fertig. Lass diesen Tab offen: Vielleicht ist er bald dran.`,
    working: "Du musst nichts tun. Deine Beispiele bleiben in diesem Tab; was er gesendet hat, steht unten.",
    preparing: "Das Modell wird einmal heruntergeladen; die meisten Browser behalten es für den nächsten Besuch.",
  },
  notices: {
    reset:
      "Der Koordinator hat die frühere Arbeit dieses Tabs nicht mehr, darum beginnt der Tab wieder mit den gemeinsamen Parametern. Du musst nichts tun.",
    chooseAgain: (isKept) =>
      `Diese Seite wurde neu geladen, und dieser Browser hat deine Beispiele nicht behalten. Füg dieselben noch einmal hinzu; der Tab ${
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
    resets: (numResets) =>
      `${count(numResets, { one: "Gerät hat", other: "Geräte haben" })} wieder mit den gemeinsamen Prompts begonnen. Zuletzt:`,
    staffNote: "Jede Note ist eine Runde; je höher die Note, desto kleiner der Loss.",
    layersTitle: "Schichten",
    layersNote: "Je höher der Balken, desto wichtiger die Schicht.",
    noLayersYet: "Der Lauf hat noch keine Schichten ausgewählt. Bis dahin teilt er alle.",
    shared: "wird gesendet",
    notShared: "bleibt auf dem Gerät",
    lossTitle: "Loss je Runde",
    noLossYet: "Die Linie beginnt mit der ersten Trainingsrunde.",
    lossNote: "Mittel über jede Runde; kleiner ist besser.",
    taskProgress: "Fortschritt dieser Aufgabe",
    downloadProgress: "Fortschritt des Downloads",
    stepOf: (step, numSteps) => `Schritt ${whole(step)} von ${whole(numSteps)}`,
    replayOf: (done, all) => `Aufholen, ${whole(done)} von ${whole(all)}`,
    taskOf: (deviceId) => `Gerät ${deviceId}`,
    tasksDone: (numTasks) => `${count(numTasks, { one: "Aufgabe", other: "Aufgaben" })} in diesem Tab erledigt`,
    downloaded: (numBytes, totalBytes) => `${bytes(numBytes)} von ${bytes(totalBytes)}`,
    pace: (bytesPerSecond, secondsLeft) => `${bytes(bytesPerSecond)}/s · noch ${formats.seconds(Math.round(secondsLeft))}`,
    logScale: "Die Skala ist logarithmisch.",
    lossHere: "dieser Tab",
    lossAll: "alle Geräte",
  },
  wholeProgress: {
    soFar: (numRounds) => `bisher ${count(numRounds, { one: "Runde", other: "Runden" })}`,
    untilStopped: "Läuft, bis jemand anhält.",
    run: "Der ganze Lauf",
    round: "Diese Runde",
    task: "Diese Aufgabe",
    left: (fraction, secondsLeft) =>
      `${whole(100 * fraction)} % · ${secondsLeft === null ? "Restzeit unbekannt" : `noch etwa ${formats.seconds(roundedSeconds(secondsLeft))}`}`,
    stages: { score: "Bewerten", count: "Zählen", train: "Training" },
    roundDone: (numDone, numTasks) => `${whole(numDone)} von ${count(numTasks, { one: "Gerät", other: "Geräten" })} fertig`,
    betweenRounds: "zwischen zwei Schritten",
    noTask: "gerade keine",
  },
  incidents: {
    title: "Was hier passiert ist",
    at: formats.time,
    slept: (seconds) =>
      `Dieser Computer hat ${formats.seconds(seconds)} geschlafen. Der Tab hat seine Verbindung geprüft und macht weiter.`,
    online: (seconds) => `Die Verbindung war ${formats.seconds(seconds)} weg. Sie ist wieder da, und nichts ging verloren.`,
    workerRestarted: (reason) =>
      `Der Worker dieses Tabs ging verloren (${reason}). Ein neuer wurde gestartet, und die Aufgabe wird noch einmal gerechnet.`,
    cameBackPaused: "Dieser Tab hatte Pause, als er neu geladen wurde; er hat sie noch.",
  },
  contributions: {
    title: "Meine Beiträge",
    none: "Noch keine. Hier steht jede Aufgabe, die der Koordinator annimmt.",
    total: (numContributions, numBytes) => `${count(numContributions, { one: "Beitrag", other: "Beiträge" })}, ${bytes(numBytes)} gesendet`,
    heads: ["Zeit", "Runde", "Was", "Größe"],
    kinds: {
      train: "Training",
      evaluate: "Prüfung",
      score: "Werte der Schichten",
      probe: "Spektrum",
      search: "Suche",
      edit: "Änderungen am Prompt",
      perturb: "Ausprobieren",
      logits: "Logits",
      distil: "Destillation",
      answers: "Antworten",
    },
    round: (stage, round) => `${{ score: "Bewerten", count: "Zählen", train: "Training" }[stage]} ${round}`,
    time: formats.timeWithSeconds,
    size: bytes,
    latest: (numShown) => `Die letzten ${whole(numShown)} zeigen`,
    all: (numContributions) => `Alle ${whole(numContributions)} zeigen`,
    receipt: "Quittung herunterladen",
    receiptNote: "Eine Datei mit der Signatur des Laufs: was dieser Tab wann beigetragen hat. Alle können sie prüfen:",
  },
  controls: {
    title: "Wie viel du leihst",
    load: "Last",
    loadOf: (percent) =>
      percent === 100 ? "100 %: rechnet die ganze Zeit" : `${whole(percent)} %: ruht die übrige Zeit, zwischen den Schritten`,
    when: "Nur mitmachen, wenn",
    idle: "ich diesen Computer nicht benutze",
    idleNote: "Der Browser fragt dich um Erlaubnis.",
    charging: "das Ladegerät steckt",
    visible: "dieser Tab zu sehen ist",
    limit: "Datenlimit",
    noLimit: "kein Limit",
    limitOf: bytes,
    limitNote: (numBytes) =>
      `Dieser Tab hat ohne das Modell ${bytes(numBytes)} gesendet und empfangen, seit er mitmacht. Am Limit macht er Pause.`,
    awake: "Den Bildschirm beim Training wach halten",
    kept: "Dieser Browser merkt sich das.",
  },
  energy: {
    title: "Energie",
    none: "Noch wurde nichts gerechnet.",
    range: (from, to) => (to < 0.1 ? "weniger als 0,1 Wh" : `etwa ${wattHours(from)} bis ${wattHours(to)} Wh`),
    byPower: (seconds, kind, from, to) =>
      `Geschätzt: ${formats.seconds(Math.round(seconds))} Rechenzeit mal die ${from} bis ${to} W, die volle Last hier zusätzlich braucht (${energyKinds[kind]}). Nicht gemessen.`,
    byBattery: (percent, kind, from, to) =>
      `Vom Browser gemessen: Der Akku fiel um ${percent} %, während dieser Tab mitmachte, mit allem, was nebenher lief. So ein Akku (${energyKinds[kind]}) fasst ${from} bis ${to} Wh.`,
    kinds: energyKinds,
    compare: "Zum Vergleich: Eine LED-Lampe braucht in einer Stunde 8 Wh.",
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
    pauseAfterTask: "Diese Aufgabe noch, dann Pause",
  },
  traffic: {
    title: "Daten dieses Tabs",
    sent: "gesendet",
    saved: (ofAll, ofF32) =>
      `Die gesendeten Schichten sind ${whole(100 * ofAll)} % aller Schichten in derselben Kodierung und ${whole(100 * ofF32)} % aller Schichten mit vier Byte je Zahl.`,
    received: "empfangen",
    note: "Der Download des Modells zählt nicht mit.",
    layers: "davon trainierte Schichten",
    allLayers: "alle Schichten wären gewesen",
    states: "davon Kopien privater Schichten",
    nothingYet: "Der Vergleich mit allen Schichten steht hier, sobald dieser Tab trainiert hat.",
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
    noDevicesNow: "keine, solange er ruht",
  },
  results: {
    title: "Ergebnisse",
    newcomer,
    scoreNames: { rougeL: "ROUGE-L", tokenAccuracy: "Token-Genauigkeit" },
    personalised: "auf den Geräten, die mitgemacht haben, mit ihren eigenen Parametern",
    zeroShot: "vor jedem Training",
    ofTexts,
    between: (from, to) => `zwischen ${formats.percent(from)} und ${formats.percent(to)} (95-%-Intervall)`,
  },
  figures: {
    noRound: "Noch keine Runde",
    round: (round) => `Der Lauf ist in ${round}`,
    noScores: "Noch keine Werte für Schichten",
    scores: (list, selected) =>
      `Werte: ${list}. ${selected === null ? "Noch keine Schichten ausgewählt" : `Schichten, die gesendet werden: ${selected.join(", ") || "keine"}`}.`,
    score: (layer, score) => `Schicht ${layer}: ${score === null ? "ohne Wert" : formats.digits(score, 3)}`,
    noLoss: "Noch kein Loss",
    loss: (first, latest) => `Mittlerer Trainings-Loss dieses Tabs je Runde: anfangs ${first}, jetzt ${latest}`,
    tabs: (numTabs) => count(numTabs, tabs),
  },
  stage: {
    title: "Die Bühne",
    about: "Jede Zahl auf dieser Seite kommt aus dem Journal des Koordinators.",
    connecting: "Der Lauf wird gesucht …",
    links: { connecting: "verbindet sich", online: "live", retrying: "verbindet sich neu", closed: "geschlossen" },
    problems: {
      silent: "Der Koordinator antwortet nicht. Diese Seite versucht es weiter.",
      notLive: "Unter dieser Adresse gibt es keine Live-Daten. Ist das ein Koordinator dieser Version?",
      unauthorised: "Dieser Lauf ist nicht für alle. Tipp das Codewort, oder öffne den Link der Leitung.",
      foreign: "Diese Adresse gehört nicht dem Koordinator. Nimm eine, die er ausgegeben hat.",
      full: "So viele schauen schon zu, wie die Leitung erlaubt. Diese Seite versucht es weiter.",
      notUnderstood: "Diese Seite versteht den Koordinator nicht. Lade sie neu.",
    },
    goodbyes: {
      finished: "Der Lauf ist fertig, und sein Koordinator ist beendet. So ging er aus.",
      newRun: "Ein neuer Lauf folgt.",
      closing: "Der Koordinator wurde gestoppt. Wenn er wieder startet, kann der Lauf hier weitergehen.",
      removed: "Der Koordinator hat diese Seite geschlossen.",
    },
    codeWord: "Codewort",
    wrongWord: "Das ist nicht das Codewort dieses Laufs.",
    watch: "Zuschauen",
    fullScreen: "Vollbild",
    leaveFullScreen: "Vollbild verlassen",
    headlines: {
      waiting: "Gleich geht es los",
      running: { score: "Schichten bewerten", count: "Schichten zählen", train: "Training" },
      done: "Der Lauf ist fertig",
      failed: "Der Lauf ist gescheitert",
    },
    round: (round, numRounds) => `Runde ${round} von ${numRounds}`,
    roundSoFar: (round) => `Runde ${whole(round)}`,
    rounds: (numRounds) => count(numRounds, { one: "Runde", other: "Runden" }),
    tasks: (numIn, numAll) => `${whole(numIn)} von ${count(numAll, { one: "Aufgabe", other: "Aufgaben" })} fertig`,
    devicesHere: (numDevices, numConnected) =>
      `${count(numDevices, devices)} in ${count(numConnected, { one: "Client", other: "Clients" })}`,
    deadline: "Restzeit dieses Schritts",
    noDeadline: "ohne Frist",
    method: (strategy, task, backbone) => `${strategy} tunt ${backbone} für ${task}`,
    invitation: "Mach mit unter",
  },
  stageTiles: {
    title: "Geräte",
    none: "Noch kein Gerät. Wer den Link öffnet und auf „Mitmachen“ drückt, erscheint hier.",
    more: (numMore) => `und ${count(numMore, { one: "weiteres Gerät", other: "weitere Geräte" })}`,
    device: (id) => `Gerät ${id}`,
    helper: "Helfer",
    states: {
      away: "weg",
      loading: "lädt",
      waiting: "wartet",
      scoring: "bewertet",
      probing: "misst",
      training: "trainiert",
      evaluating: "prüft",
      paused: "Pause",
      rests: "ruht",
      late: "zu spät",
      done: "fertig",
    },
    step: (step, numSteps) => `Schritt ${whole(step)} von ${whole(numSteps)}`,
    speed: (perSecond) => `${formats.number(perSecond)} Schritte/s`,
    counts: (numDevices, state) => `${whole(numDevices)} ${state}`,
  },
  stagePlots: {
    scoreNames: { accuracy: "Richtige Antworten", tokenAccuracy: "Richtige Token", exactMatch: "Richtige Antworten", rougeL: "ROUGE-L" },
    loss: "Loss",
    lossAxis: "Loss",
    series: {
      training: "im Training",
      global: "gemeinsames Modell",
      newcomer: "wie ein neues Gerät es bekommt",
      personalised: "das eigene jedes Geräts",
      zeroShot: "vor dem Tuning",
    },
    noScore: "Noch wurde nichts geprüft.",
    noLoss: "Noch hat keine Runde trainiert.",
    ofTexts: (numTexts) => `von ${count(numTexts, { one: "verdeckten Text", other: "verdeckten Texten" })}`,
    latest: (name, value, texts) => `${name}: ${value} ${texts}`.trim(),
    layers: "Schichten",
    layersNote:
      "Jede Spalte ist eine Runde, jede Linie eine Schicht. Eine volle Note ist eine Schicht, die gesendet wird; sie ist größer, wo sich die Schicht weiter bewegt hat. Eine hohle wurde bewertet und bleibt auf den Geräten.",
    noLayers: "Noch wurde keine Schicht bewertet oder trainiert.",
    travels: (layers) => `Schichten, die gesendet werden: ${layers.join(", ")}`,
    stages: { score: "Bewerten", count: "Zählen", train: "" },
    bytes: "Gesendete Bytes",
    bytesNote: (sent, all, share) => `bisher ${sent}, das sind ${share} der ${all}, die alle Schichten gekostet hätten`,
    sentAll: (sent) => `bisher ${sent}`,
    noBytes: "Noch wurde nichts gesendet.",
    drift: "Drift",
    driftAxis: "Norm",
    driftSeries: { drift: "auseinander", update: "bewegt", control: "Kontrolle" },
    noDrift: "Noch wurde keine Trainingsrunde gemessen.",
    marks: {
      start: "Start",
      pause: "Pause",
      resume: "weiter",
      stop: "Stopp",
      nextRound: "nächste Runde",
      sampleFraction: (fraction) => `${whole(100 * fraction)} % gefragt`,
      deadline: (seconds) => (seconds === null ? "ohne Frist" : `Frist ${formats.seconds(seconds)}`),
      skew: "schiefe Daten",
      drop: (fraction) => `${whole(100 * fraction)} % ausgefallen`,
      poison: (numDevices) => `${count(numDevices, devices)} vergiftet`,
      takeBack: (what) => `${what} zurückgenommen`,
      takenBack: { sampleFraction: "Auswahl", deadline: "Frist", skew: "Schiefe", drop: "Ausfall", poison: "Gift" },
      newRun: "neuer Lauf",
      switchStrategy: (name) => `zu ${name}`,
    },
    driftNote:
      "Wie weit sich Geräte in einer Runde bewegen, wie weit sie am Ende auseinander sind, und die Norm der Kontrollvariate, die sie zusammenzieht.",
    scoreOf: {
      global: "mit dem gemeinsamen Modell",
      newcomer: "wie ein neues Gerät das Modell bekommt",
      personalised: "mit dem eigenen Modell jedes Geräts",
      zeroShot: "vor dem Tuning",
    },
  },
  slowMotion: {
    title: "Eine Runde in Zeitlupe",
    open: "Eine Runde Schritt für Schritt",
    close: "Schließen",
    none: "Sobald eine Runde trainiert hat, kannst du sie Schritt für Schritt ansehen.",
    chooseRound: "Runde",
    previous: "Zurück",
    next: "Weiter",
    keys: "Pfeiltasten blättern, Escape schließt.",
    position: (step, numSteps) => `${step} von ${numSteps}`,
    coordinator: "Koordinator",
    coordinatorHolds: (values, hasControl) =>
      `Hat die gemeinsamen Parameter, ${values}${hasControl ? ", und eine Kontrollvariate für jedes Gerät" : ""}.`,
    deviceHolds: (hasOwnLayers) =>
      hasOwnLayers
        ? "Jedes hat eigene Beispiele, eigene Schichten und einen Optimierer."
        : "Jedes hat eigene Beispiele und einen Optimierer.",
    device: (id) => `Gerät ${id}`,
    others: (numOthers) => `+ ${whole(numOthers)}`,
    maskLabel: (travelling, numLayers) =>
      `Schichten, die gesendet werden: ${travelling.length === 0 ? "keine" : travelling.join(", ")}, von ${numLayers}`,
    titles: {
      choose: "Der Koordinator wählt Geräte aus",
      send: "Die gemeinsamen Schichten gehen hinaus",
      train: "Jedes Gerät trainiert",
      back: "Die Änderungen kommen zurück",
      sum: "Der Koordinator macht daraus eine Änderung",
      evaluate: "Geräte prüfen verdeckte Texte",
    },
    choose: (numAsked, numDevices) =>
      `Er lost ${count(numAsked, devices)} von ${whole(numDevices)} mit dem Startwert des Laufs aus. Die anderen ruhen in dieser Runde.`,
    send: ({ layers, values, each, measured }) =>
      `Die Maske lässt ${layers} durch: ${values}, ${each} je Gerät. Auf der Leitung brauchte der Schritt ${measured} hinunter, mit Aufgaben und Status.`,
    layersOf: (numTravel, numLayers) => `${whole(numTravel)} von ${count(numLayers, { one: "Schicht", other: "Schichten" })}`,
    values: (numValues) => count(numValues, { one: "Wert", other: "Werte" }),
    train: (seconds, loss) =>
      `Mit den eigenen Beispielen, die bleiben, wo sie sind, und mit den Schichten, die nicht gesendet werden. Der Schritt dauerte ${seconds}${loss === null ? "" : `; der Loss der letzten Epoche war ${loss}`}.`,
    back: ({ numCounted, numAsked, each, measured }) =>
      `${whole(numCounted)} von ${count(numAsked, { one: "Gerät", other: "Geräten" })} schickten den Unterschied zu dem, was sie bekommen hatten, je ${each}. Auf der Leitung brauchte der Schritt ${measured} herauf.`,
    sum: ({ rule, update, drift, control }) =>
      `Nach dieser Regel: ${rule}. ${update === null ? "" : `Geräte bewegten sich im Mittel um ${update}`}${drift === null ? "" : `, und um ${drift} von ihrem Mittel weg`}${update === null ? "" : ". "}${control === null ? "" : `Die Norm der Kontrollvariate ist ${control}.`}`.trim(),
    mean: "das Mittel, nach Beispielen gewichtet",
    rule: (name) => name,
    evaluate: (results, numBytes) => `${results.join("; ")}. Das brauchte ${numBytes}, die extra gezählt werden.`,
  },
  tryPage: {
    title: "Probier das Modell aus",
    lead: "Tipp einen Text. Das Modell antwortet in diesem Browser; was du tippst, wird nicht gesendet.",
    model: (task, backbone) => `${task} · Modell ${backbone}`,
    roundNow: (round, isOver) => (isOver ? `in ${count(round, { one: "Runde", other: "Runden" })} getunt` : `bis Runde ${round} getunt`),
    loadingTitle: "Das Modell ist unterwegs",
    failedTitle: "Hier lässt sich das Modell nicht ausprobieren",
    yourText: "Dein Text",
    secondText: "Zweiter Text",
    placeholder: "Tipp einen Text …",
    example: "Anderes Beispiel",
    answersTitle: "Antworten",
    typeFirst: "Tipp einen Text, und du siehst, was das Modell antwortet.",
    cut: (numCut, numTokens) =>
      `Der Text ist zu lang für dieses Modell: Die letzten ${whole(numCut)} seiner ${whole(numTokens)} Token hat es nicht gelesen.`,
    cutAtBeginning: (numCut) =>
      `Der Text ist zu lang für dieses Modell: Seine ersten ${count(numCut, { one: "Token", other: "Token" })} hat es nicht gelesen.`,
    before: "Vor dem Tuning",
    tuned: "Nach dem Tuning",
    own: (deviceId) => `Dein Gerät ${deviceId}`,
    beforeNote: "das Modell, wie es vortrainiert wurde",
    tunedNote: (round) => (round === null ? "was alle teilen" : `was alle nach Runde ${round} teilen`),
    ownNote: "die gemeinsamen Schichten und die eigenen deines Geräts",
    whichDevice: "Wessen Schichten",
    noDevice: "keine",
    heard: (who, answer, share) => `${who}: ${answer}, ${formats.percent(share)}`,
    noBefore: "Vor dem Tuning kann dieses Modell nicht antworten.",
    nothingTuned:
      "Noch ist nichts getunt, darum antwortet nur das vortrainierte Modell. Nach der ersten Runde antwortet hier auch das getunte.",
    silent: "Der Server dieses Laufs antwortet nicht, darum antwortet nur das vortrainierte Modell.",
    locked: "Dieser Lauf hat ein Codewort. Damit antwortet hier auch das getunte Modell.",
    lockedByInvitation:
      "Bei diesem Lauf macht mit, wer eingeladen ist: Öffne diese Seite mit dem Link deiner Einladung, dann antwortet auch das getunte Modell.",
    lockedLater: "Von hier kamen zu viele falsche Codewörter. Warte eine Minute und versuch es dann noch einmal.",
    codeWord: "Codewort",
    open: "Das getunte Modell zeigen",
    unusable: "Das getunte Modell kann hier nicht antworten.",
    ownProblem: "Die eigenen Schichten deines Geräts können nicht antworten.",
    aloneNote:
      "In diesem Lauf trainiert jedes Gerät allein, und nichts wird geteilt; ein neues Gerät hat also die Parameter, mit denen alle begannen.",
    newer: (round) => `Runde ${round} ist da.`,
    useNewer: "Nehmen",
    otherParameters:
      "Der Link zu dieser Seite entstand mit anderen Parametern dieses Laufs, darum können die Antworten anders sein als gemeint.",
    computesOn: (backend) => `Rechnet mit: ${backend}.`,
    offlineReady: "Diese Seite läuft auch ohne Netz.",
    offlineInsecure: "Diese Seite braucht das Netz: Sie kam über einfaches http, und dort behalten Browser keine Seiten.",
    offlineUntrusted:
      "Diese Seite braucht das Netz: Dieser Browser vertraut dem Zertifikat des Servers nicht, oder er behält keine Seiten.",
    otherRun: "Unter dieser Adresse hat ein anderer Lauf begonnen. Lade diese Seite neu, um sein Modell auszuprobieren.",
  },
  tryWords: {
    title: "Welche Wörter wichtig waren",
    note: "Jedes Wort wird einmal weggelassen. Je mehr die Wahrscheinlichkeit der Antwort ohne es sinkt, desto wichtiger war es.",
    pick: "Antwort",
    show: "Wörter zeigen",
    stop: "Stopp",
    progress: "Wörter, die schon weggelassen wurden",
    progressText: (numDone, numWords) => `${whole(numDone)} von ${count(numWords, { one: "Wort", other: "Wörtern" })}`,
    forWhom: (name, who) => `Für „${name}“, ${who}:`,
    speaksFor: "spricht dafür",
    speaksAgainst: "spricht dagegen",
    word: "Wort",
    effect: "Änderung in Punkten",
    points: (effect) => `${effect >= 0 ? "+" : "−"}${formats.fixed(Math.abs(100 * effect), 1)}`,
    cut: (maxWords) => `Nur die ersten ${whole(maxWords)} Wörter werden einzeln weggelassen.`,
    none: "Es gibt keine Wörter zum Weglassen.",
  },
  tryBatch: {
    title: "Viele Texte auf einmal",
    note: "Eine Datei in CSV, TSV oder JSON Lines mit einem Text je Zeile. Sie bleibt in diesem Browser.",
    file: "Datei",
    textColumn: "Text",
    secondColumn: "Zweiter Text",
    labelColumn: "Richtige Antwort, falls es eine gibt",
    noColumn: "keine",
    who: "Wer antwortet",
    start: (numTexts) => `Nach ${count(numTexts, { one: "Text", other: "Texten" })} fragen`,
    stop: "Stopp",
    progress: "Texte, die schon beantwortet sind",
    progressText: (numDone, numTexts) => `${whole(numDone)} von ${count(numTexts, { one: "Text", other: "Texten" })}`,
    download: "Antworten als CSV herunterladen",
    tableTitle: "Die Antworten",
    heads: { row: "Zeile", text: "Text", answer: "Antwort", share: "Wahrscheinlichkeit", label: "Richtige Antwort" },
    shown: (numShown, numTexts) =>
      `Hier stehen die ersten ${whole(numShown)} von ${count(numTexts, { one: "Text", other: "Texten" })}; im Download sind alle.`,
    right: "richtig",
    wrong: "falsch",
    accuracy: (numRight, numTexts) =>
      `${formats.percent(numRight / numTexts)} richtig: ${whole(numRight)} von ${count(numTexts, { one: "Text", other: "Texten" })}`,
    matrixTitle: "Konfusionsmatrix",
    matrixNote: "Zeilen sind die richtigen Antworten, Spalten die des Modells; je dunkler, desto größer der Anteil an der Zeile.",
    matrixCorner: "Richtige Antwort \\ Modell",
    unlabelled: (numRows, labels) =>
      `${count(numRows, { one: "Zeile hat", other: "Zeilen haben" })} eine richtige Antwort, die diese Aufgabe nicht kennt (${labels}); gezählt wird das nicht.`,
    skipped: (numRows) => `${count(numRows, { one: "Zeile ohne Text bleibt", other: "Zeilen ohne Text bleiben" })} weg.`,
    tooLarge: (file, numBytes, maxBytes) =>
      `${file} hat ${bytes(numBytes)}; diese Seite liest höchstens ${bytes(maxBytes)}. Nimm einen kleineren Teil davon.`,
    tooManyRows: (maxRows) => `Gefragt wird nur nach den ersten ${whole(maxRows)} Zeilen.`,
    noRows: (file) => `${file} hat unter den Spaltennamen keine Zeilen: Speichere einen Text je Zeile und wähl die Datei noch einmal.`,
    noColumns: (file) => `${file} hat keine lesbaren Spalten: Die erste Zeile muss sie nennen.`,
    wrongKind: (file) =>
      `${file} lässt sich nicht lesen: Wähl eine Datei mit der Endung .csv, .tsv oder .jsonl; eine Tabelle speicherst du als CSV UTF-8.`,
  },
  tryDraw: {
    title: "Antworten, Wort für Wort",
    note: "Das Modell schreibt ein Token nach dem anderen. Wähl ein Token, und du siehst die fünf wahrscheinlichsten an seiner Stelle.",
    prompt: "So bekommt das Modell den Text",
    temperature: "Temperatur",
    temperatureNote: "Bei 0 kommt immer das wahrscheinlichste Token; höher ist gewagter.",
    seed: "Startwert",
    seedNote: "Mit demselben Startwert kommt dieselbe Antwort.",
    length: "Höchstens so viele Token",
    start: "Antworten",
    stop: "Stopp",
    small: "Kleines Modell, getunt",
    large: "Großes Modell",
    proxy: "Großes Modell, vom kleinen gesteuert",
    smallNote: "was die Geräte getunt haben",
    largeNote: "wie es vortrainiert wurde",
    proxyNote: (a) => `verschoben um das ${a}-Fache dessen, was das Tuning am kleinen Modell geändert hat`,
    dial: "Wie stark das kleine Modell steuert (a)",
    largeTitle: "Das große Modell neben dem kleinen",
    largeNoteBefore: (name) =>
      `In diesem Lauf steuert das Tuning des kleinen Modells ${name}. Damit antworten die drei Modelle nebeneinander.`,
    loadLarge: (name, numBytes) => `${name} herunterladen (${bytes(numBytes)})`,
    askLarge: (name) => `${name} herunterladen`,
    largeProgress: "Download des großen Modells",
    nothingYet: "Noch keine Antwort.",
    end: "Ende",
    token: (text, share) => `„${text}“, ${formats.percent(share)}`,
    candidatesTitle: (place) => `Am wahrscheinlichsten bei Token ${place}`,
    candidate: "Token",
    share: "Wahrscheinlichkeit",
  },
  tryShare: {
    title: "Mitnehmen und teilen",
    linkTitle: "Diese Frage teilen",
    linkNote:
      "Der Text steht im Link hinter #; diesen Teil schicken Browser an keinen Server. Der Link lässt niemanden in einen Lauf, der nicht allen offen steht.",
    link: "Link",
    copy: "Link kopieren",
    copied: "Kopiert",
    promptsTitle: "Nimm die getunten Parameter mit",
    promptsNote: (numParameters, backbone) =>
      `${count(numParameters, { one: "Tensor", other: "Tensoren" })} als safetensors. Sie passen nur zum Modell ${backbone} und nützen ohne es nichts.`,
    download: "Lade prompts.safetensors herunter",
    inTerminal: "In einem Terminal, wo Tutti installiert ist:",
    inPython: "In Python, die Zahlen und wozu sie gehören:",
    peft: "transformers kann diese Datei so nicht laden. Das hier macht daraus einen Adapter für peft von Hugging Face, mit einer README, die das Laden zeigt:",
    noPeft: (reason) => `transformers kann diese Datei nicht laden, und peft hat keine Form dafür: ${reason}.`,
  },
  inForce: {
    paused: "Die Leitung hat den Lauf angehalten. Dein Platz bleibt; es geht von selbst weiter.",
    drop: (fraction) => `Gerade läuft ein Versuch: In jeder Runde fehlen ${fraction} der Geräte, als wären sie gegangen.`,
    skew: "Gerade läuft ein Versuch: Die Daten sind neu verteilt, sodass jedes Gerät nur wenige Klassen sieht.",
    poison: (someDevices) =>
      `Gerade läuft ein Versuch: Der Koordinator dreht um, was ${someDevices} schickt, und zeigt, was falsche Beiträge anrichten.`,
    devices: (ids) => (ids.length === 1 ? `Gerät ${ids[0]}` : `jedes der Geräte ${ids.join(", ")}`),
  },
  operator: {
    title: "Diesen Lauf leiten",
    forYou:
      "Das siehst nur du, weil du den Link der Leitung hast. Anweisungen gelten ab dem nächsten Plan; was schon läuft, läuft zu Ende.",
    connecting: "Der Koordinator wird gefragt …",
    silent: "Der Koordinator antwortet nicht. Diese Seite fragt alle paar Sekunden nach.",
    refused: "Dieser Link gehört zu einem anderen Koordinator. Öffne den Link, den `tutti serve` jetzt ausgibt; geändert hat sich nichts.",
    notUnderstood: "Diese Seite versteht die Antwort des Koordinators nicht. Lade sie neu.",
    done: (what) => `Erledigt: ${what}.`,
    notDone: (why) => `Nichts geändert. ${why}`,
    runTitle: "Der Lauf",
    phases: { waiting: "Wartet", running: "Läuft", done: "Fertig", failed: "Gescheitert" },
    at: (stage, round, numRounds) => `${stage}, Runde ${round} von ${numRounds}`,
    start: "Start",
    startAbout: "Beginnt mit den Geräten, die da sind.",
    pause: "Pause",
    pauseAbout: "Der offene Schritt geht zu Ende, und kein neuer beginnt.",
    resume: "Weiter",
    resumeAbout: "Der Lauf macht Pause: weiter, wo er war.",
    nextRound: "Nächste Runde",
    nextRoundAbout: "Schließt den offenen Schritt mit dem, was da ist.",
    stop: "Stopp",
    stopAbout: "Beendet den Koordinator; der Lauf kann später weitergehen.",
    newRun: "Neuer Lauf",
    newRunAbout: "Beginnt von vorn mit einem anderen Startwert; alle ziehen mit.",
    confirmStop:
      "Den Lauf stoppen? Alle Tabs erfahren es, und niemand kann mitmachen, bis derselbe Befehl ihn wieder startet. Angenommene Beiträge bleiben.",
    confirmNewRun:
      "Einen neuen Lauf beginnen? Dieser wird geschlossen und aufgehoben. Die Tabs, die da sind, gehen von selbst in den neuen, unter derselben Adresse.",
    confirmSwitch: (strategy) =>
      `Zu ${strategy} wechseln? Dieser Lauf wird geschlossen und aufgehoben. Ein verbundener Lauf macht mit seinen Parametern weiter, und die Tabs gehen von selbst mit.`,
    confirmSendAway: (who) => `${who} wegschicken? Geräte und Aufgaben gehen sofort an andere. Wiederkommen ist erlaubt.`,
    yes: { stop: "Lauf stoppen", newRun: "Neuen Lauf beginnen", switchStrategy: "Wechseln", sendAway: "Wegschicken" },
    no: "So lassen",
    sizesTitle: "Jede Runde",
    sampleFraction: "Geräte je Runde, in Prozent",
    sampleNow: (percent) => `Jetzt ${percent} aller Geräte.`,
    sampleSettings: (numDevices) => `Jetzt wie eingestellt: ${count(numDevices, devices)}.`,
    deadline: "Frist eines Schritts, in Sekunden",
    deadlineNow: (seconds) => `Jetzt ${seconds}.`,
    noDeadline: "Jetzt ohne Frist.",
    deadlineHint: "Ohne Frist: leer lassen.",
    apply: "Übernehmen",
    takeBack: "Zurücknehmen",
    asSettings: "Wie eingestellt",
    lessonsTitle: "Versuche",
    lessonsAbout: "Achtet auf die Kurven: Sie antworten in wenigen Runden.",
    skew: "Daten schief verteilen",
    skewAbout: "Verteilt die Trainingsdaten neu, sodass jedes Gerät nur wenige Klassen sieht. Die Mengen bleiben gleich.",
    drop: "30 % fallen aus",
    dropAbout: "In jeder Runde gelten 30 % der Geräte als gegangen; der Startwert des Laufs lost sie aus.",
    poison: "Zwei Geräte vergiften",
    poisonAbout: "Der Koordinator dreht um und vergrößert, was zwei Geräte schicken. Ihre Tabs bleiben ehrlich.",
    from: (stage, round) => `Gilt seit ${stage}, Runde ${round}.`,
    pending: "Ab der nächsten Runde.",
    poisonedNow: (someDevices) => `Betroffen: ${someDevices}.`,
    switchTitle: "Strategie",
    switchAbout: "Eine andere Strategie beginnt einen verbundenen Lauf mit den jetzigen Parametern.",
    strategy: "Weiter mit",
    strategies: {
      fedAvg: "FedAvg",
      fedAvgM: "FedAvgM, mit Momentum am Server",
      fedOpt: "FedOpt, mit Adam am Server",
      scaffold: "SCAFFOLD",
      fedPepTao: "FedPepTAO",
    },
    switchButton: "Strategie wechseln",
    waitingTitle: "Wartet auf Einlass",
    nobodyWaits: "Niemand wartet.",
    approve: "Einlassen",
    approveAll: (numWaiting) => `Alle ${whole(numWaiting)} einlassen`,
    clientsTitle: "Wer da ist",
    noClients: "Noch ist niemand da.",
    sendAway: "Wegschicken",
    standings: { in: "da", away: "weg", waiting: "wartet", banned: "gesperrt" },
    nameless: (key) => `Client ${key}`,
    actionOn: (action, who) => `${action}: ${who}`,
    noDevices: "keine Geräte",
    logTitle: "Anweisungen bisher",
    noOrders: "Noch keine Anweisung.",
    heldFrom: (stage, round, step) => `ab ${stage}, Runde ${round}, Schritt ${step}`,
    heldOnStep: (stage, round, step) => `schloss ${stage}, Runde ${round}, Schritt ${step}`,
    heldNext: "ab dem nächsten Plan",
    followedBy: (runId) => `Lauf ${runId} folgt`,
    orders: {
      start: "Start",
      pause: "Pause",
      resume: "weiter",
      stop: "Stopp",
      nextRound: "nächste Runde",
      sampleFraction: (percent) => `${percent} der Geräte nehmen`,
      deadline: (seconds) => (seconds === null ? "ohne Frist" : `Frist ${seconds}`),
      skew: "Daten schief verteilen",
      drop: (percent) => `${percent} fallen aus`,
      poison: (someDevices) => `${someDevices} vergiften`,
      takeBack: (what) => `zurückgenommen: ${what}`,
      approve: "jemanden einlassen",
      sendAway: "jemanden wegschicken",
      newRun: "neuer Lauf",
      switchStrategy: (name) => `Wechsel zu ${name}`,
    },
    settings: {
      sampleFraction: "Geräte je Runde",
      deadline: "Frist",
      skew: "schiefe Daten",
      drop: "ausgefallene Geräte",
      poison: "vergiftete Geräte",
    },
  },
  stageExport: {
    title: "Mitnehmen",
    json: "Zahlen als JSON",
    csv: "Zahlen als CSV",
    prompts: "Getunte Parameter",
    report: "Bericht",
    noPrompts: "Noch ist nichts getunt: Die Parameter gibt es, sobald eine Trainingsrunde zu Ende ist.",
    noReport: "Noch gibt es keinen Bericht: Er entsteht, sobald eine Runde zu Ende ist.",
  },
  classroom: {
    trustTitle: "Dein Browser wird dich gleich warnen",
    trustLead:
      "Die nächste Seite ist mit einem Zertifikat verschlüsselt, das der Computer dieser Klasse selbst gemacht hat. Niemand sonst hat es unterschrieben, darum weiß dein Browser nicht, wem es gehört, und sagt das einmal. Geh nur weiter, wenn du zu dieser Klasse gehörst.",
    pastTitle: "Nichts zu befürchten",
    pastLead: "Diese Seite kam ohne Warnung, oder du bist schon daran vorbei.",
    goSecure: "Verschlüsselte Seite öffnen",
    goOn: "Weiter",
    seeTitle: "Was du sehen wirst",
    otherBrowser: (name) => `In ${name}`,
    warnings: {
      chrome: {
        name: "Chrome, Edge oder Samsung Internet",
        says: "„Dies ist keine sichere Verbindung“ oder „Datenschutzfehler“",
        steps: ["Drück auf „Erweitert“.", "Drück auf „Weiter zu …“; in manchen Versionen ist es klein und unterstrichen."],
      },
      safari: {
        name: "Safari, oder irgendein Browser auf einem iPhone",
        says: "„Diese Verbindung ist nicht privat“",
        steps: ["Drück auf „Details einblenden“.", "Drück auf „diese Website öffnen“ und bestätige es."],
      },
      firefox: {
        name: "Firefox",
        says: "„Warnung: Mögliches Sicherheitsrisiko erkannt“ oder „Vorsicht. Etwas stimmt hier nicht“",
        steps: ["Drück auf „Erweitert…“.", "Drück auf „Risiko akzeptieren und fortfahren“ oder „Fortfahren“."],
      },
    },
    fingerprintTitle: "Der Fingerabdruck des Zertifikats",
    fingerprintNote:
      "Zur Sicherheit kannst du ihn mit dem vergleichen, was dein Browser vom Zertifikat zeigt, und mit dem Bildschirm der Lehrkraft. Es ist ein SHA-256-Fingerabdruck.",
    plainTitle: "Wenn dein Handy dich nicht weiterlässt",
    plainNote:
      "Mach ohne Verschlüsselung mit. Das geht genauso, nur langsamer: Über einfaches http erlauben Browser weder die GPU noch mehrere Threads. Andere in diesem Netz könnten lesen, was gesendet wird; deine Beispiele werden nie gesendet.",
    goPlain: "Ohne Verschlüsselung weiter",
    joinCode: "QR-Code: Scann ihn, um mitzumachen",
    helpers: ({ numConnected, numTraining }) =>
      numTraining === 0
        ? `${count(numConnected, { one: "Helfer-Gerät ruht", other: "Helfer-Geräte ruhen" })} (von der Leitung)`
        : `${count(numTraining, { one: "Helfer-Gerät", other: "Helfer-Geräte" })} der Leitung, bis mehr Leute kommen`,
    typedOnly: "Diese Klasse tippt ihre Texte selbst. Tipp ein paar und sag, was jeder ist; beim Training können weitere dazukommen.",
    growTitle: "Text hinzufügen",
    growNote: "Er bleibt in diesem Tab. In der nächsten Runde, in der dieser Tab trainiert, ist er dabei.",
    typed: (numTrained, numKeptBack) =>
      numKeptBack === 0
        ? `${count(numTrained, { one: "Text", other: "Texte" })} zum Trainieren. Jeder fünfte bleibt in diesem Tab zurück, damit das Modell mit Texten geprüft wird, die es nicht kennt.`
        : `${count(numTrained, { one: "Text", other: "Texte" })} zum Trainieren; ${whole(numKeptBack)} bleiben in diesem Tab zurück, um das Modell zu prüfen.`,
    ofKeptBack: (numTexts) => (numTexts === 1 ? "eines zurückbehaltenen Textes" : `von ${whole(numTexts)} zurückbehaltenen Texten`),
    correct: "Was wäre richtig? Nimm diesen Text in deine eigenen Beispiele auf als",
    corrected: {
      taken: "Er steht in deinen eigenen Beispielen. In der nächsten Runde, in der dein Tab trainiert, ist er dabei.",
      share:
        "Dein Tab trainiert mit einem Teil der Beispiele des Laufs. Mach mit eigenen Beispielen mit, dann kannst du welche hinzufügen.",
      nobody: "Öffne die Seite zum Mitmachen in einem anderen Tab dieses Browsers, mit eigenen Beispielen, und drück noch einmal.",
    },
    wrongWord:
      "Das ist nicht das Codewort dieses Laufs. Lies die drei Wörter an der Wand noch einmal: Groß- und Kleinschreibung und Bindestriche sind egal.",
  },
  tryCorrection: {
    title: "Bring es ihm bei: Nimm diesen Text in meine Beispiele auf",
    note: "Der Text und die Antwort, die du wählst, bleiben in diesem Browser; ab seiner nächsten Aufgabe trainiert dein Gerät damit.",
    addAs: "Die richtige Antwort ist",
    added: (name) => `Als „${name}“ hinzugefügt.`,
    failed: "Das ging nicht: Dieser Browser behält nichts.",
  },
  sayings: {
    registering: (numHere, needed) => `${whole(numHere)} von ${count(needed, { one: "Gerät ist", other: "Geräten sind" })} angemeldet.`,
    gathering: (numHere, needed) =>
      `${whole(numHere)} von ${count(needed, { one: "Gerät ist", other: "Geräten sind" })} angemeldet; die Leitung kann früher beginnen.`,
    tooFew: (numHere, needed) =>
      `${count(numHere, { one: "Gerät kann", other: "Geräte können" })} mitmachen; gebraucht werden mindestens ${whole(needed)}.`,
    nobodyConnected: "Kein Gerät ist verbunden.",
    operatorPaused: "Die Leitung hat den Lauf angehalten.",
    firstPerson: "Der Lauf beginnt, wenn die erste Person mitmacht.",
    computeMissing: "Der Lauf wartet auf einen Rechen-Client, den die Leitung startet.",
    computePaused: "Der Rechen-Client ist angehalten.",
    computeArriving: "Der Rechen-Client macht sich bereit.",
    reportWaits: "Der Lauf ist zu Ende; sein Bericht wartet auf einen Rechen-Client, der einige Nachrichten beantwortet.",
    storageFull: "Die Festplatte des Servers ist voll. Bis Platz ist, wird nichts angenommen; verloren geht nichts.",
    away: (ids) => `Für diese Runde ausgelost, aber nicht verbunden: Gerät ${ids}.`,
    tabsPaused: (numPaused) => `Angehalten: ${count(numPaused, tabs)}.`,
    allPaused: (numPaused) => `Alle verbundenen Tabs sind angehalten (${whole(numPaused)}).`,
    noneWorks: (numPaused, numDeclined, numArriving) =>
      `Noch kann kein Gerät arbeiten. Angehalten: ${count(numPaused, tabs)}; können nicht mitmachen: ${whole(numDeclined)}; machen sich bereit: ${whole(numArriving)}.`,
    repeated: ({ count: numIn, numAsked, needed, numLeft, numLate, numDeclined }) =>
      `Der Schritt wird wiederholt: ${whole(numIn)} von ${count(numAsked, { one: "Beitrag ist", other: "Beiträgen sind" })} da, gebraucht werden ${whole(needed)}. Gegangen: ${whole(numLeft)}; zu spät: ${whole(numLate)}; verhindert: ${whole(numDeclined)}.`,
    unanswered: ({ count: numIn, numAsked, needed, numLeft, numLate, numDeclined }) =>
      `Der Bericht hat keine Antworten: ${whole(numIn)} von ${whole(numAsked)} sind da, gebraucht werden ${whole(needed)}. Gegangen: ${whole(numLeft)}; zu spät: ${whole(numLate)}; verhindert: ${whole(numDeclined)}.`,
    resets: {
      lost: (deviceId) => `Gerät ${deviceId} hat seinen privaten Zustand verloren und beginnt von vorn.`,
      declined: (deviceId) => `Gerät ${deviceId} kam mit einem privaten Zustand, den sein Tab abgelehnt hat, und beginnt von vorn.`,
      untrusted: (deviceId) => `Gerät ${deviceId} ist ohne seinen privaten Zustand umgezogen und beginnt von vorn.`,
      withdrawn: (deviceId) => `Gerät ${deviceId} wurde von seinem Tab zurückgenommen und beginnt von vorn.`,
    },
    leftOut: (deviceId, lack) => `Gerät ${deviceId} bleibt außen vor: ${lack}`,
    lacks: {
      memory: (needed, available) =>
        `Der kleinste Plan braucht ${bytes(needed)} Speicher, da sind ${bytes(available)}. Schließ andere Tabs, oder nimm einen Computer mit mehr.`,
      roundTime: (needed, available) =>
        `Der kleinste Plan dauert ${formats.seconds(needed)} je Runde, erlaubt sind ${formats.seconds(available)}. Mit weniger Beispielen geht es schneller.`,
      downloadTime: (needed, available) =>
        `Das kleinste Modell lädt ${formats.seconds(needed)} lang, erlaubt sind ${formats.seconds(available)}. Nimm eine schnellere Verbindung.`,
    },
  },
  turnedAway: {
    other: (rule) => `Der Koordinator lässt diesen Tab nicht ein (Regel ${rule}).`,
    ownNeedsOpenRun: "Dieser Lauf verteilt seine eigenen Beispiele. Mach mit einem Teil davon mit.",
    typedOnly: "Die Texte dieses Laufs tippen alle, die mitmachen. Komm mit eigenen Beispielen.",
    backwardNeeded: "Dieses Gerät hat zu wenig Speicher, um in diesem Lauf zu trainieren. Mach mit einem anderen mit.",
    holdsShare:
      "Dieser Browser hat einen Teil der Beispiele dieses Laufs. Mach noch einmal mit diesem Teil mit, und lösche dann deine Daten, bevor du mit eigenen Beispielen kommst.",
    sentAway: "Die Leitung hat diesen Tab weggeschickt.",
    banned: "Die Leitung hat diesen Lauf für diesen Browser gesperrt.",
    wordMissing: "Für diesen Lauf braucht man ein Codewort. Öffne den Link der Leitung, oder frag nach dem Wort.",
    wordWrong: "Das ist nicht das Codewort dieses Laufs. Öffne den Link der Leitung, oder frag nach dem Wort.",
    invitationMissing: "Dieser Lauf ist nur auf Einladung. Öffne den Link, den du bekommen hast.",
    invitationForeign: "Diese Einladung gilt nicht für diesen Lauf. Öffne den ganzen Link, den du bekommen hast.",
    invitationUsed: "Jemand anders oder ein anderer Browser hat diese Einladung benutzt. Bitte um eine für dich.",
    invitationEnded: (day) => `Die Einladung ist am ${day} abgelaufen. Bitte um eine neue.`,
    behindProxy:
      "Durch den Proxy vor diesem Server kamen zu viele falsche Wörter; hinter ihm sehen alle Besucher gleich aus. Warte eine Minute, und sag es der Leitung: Der Server braucht --trust-proxy.",
    runFull: (most) => `Der Lauf ist voll: Er nimmt höchstens ${count(most, tabs)}.`,
    devicesFull: (most) => `Der Lauf ist voll: Er hat höchstens ${count(most, devices)}.`,
    addressFull: (most) => `Der Lauf nimmt höchstens ${count(most, tabs)} von einer Adresse. Schließ dort einen Tab, oder komm später.`,
    tokenFull: (most) => `Der Lauf nimmt höchstens ${count(most, tabs)} mit einer Einladung. Bitte um eine weitere.`,
    noPlan: (lack) => `Kein Plan dieses Laufs passt zu diesem Computer: ${lack}`,
  },
  tabProblems: {
    otherNumbers:
      "Dieser Computer rechnet andere Zahlen aus als die Vorlage, deshalb ist seine Arbeit nicht zu gebrauchen. Nimm einen anderen Browser oder Computer.",
    broken: "Hier ist etwas schiefgegangen. Lade die Seite neu, um es noch einmal zu versuchen.",
    notDeleted: "Nichts wurde gelöscht. Versuch es wieder, wenn der Koordinator antwortet.",
    notUnderstood: "Der Koordinator hat eine Nachricht geschickt, die diese Seite nicht versteht. Lade die Seite neu.",
    workRefused: "Der Koordinator hat die Arbeit dieses Tabs nicht angenommen.",
    taskFailed: "Dieser Tab konnte eine Aufgabe nicht lösen. Andere übernehmen sie.",
    unsent: "Arbeit, die schon fertig war, ließ sich nicht senden.",
    deviceRefused: (rule) => `Der Koordinator hat ein Gerät nicht angenommen (Regel ${rule}).`,
    gpuLost: "die GPU wurde entzogen",
    workerStopped: "das Programm blieb stehen",
  },
  backendReasons: {
    titles: { webgpu: "WebGPU", wasm: "WASM", cpu: "Reines JavaScript" },
    on: (name, adapter) => `${name} auf ${adapter}`,
    withThreads: (name, threads) => `${name} mit ${count(threads, threadForms)}`,
    fastest: (name, ms) => `${name} braucht ${whole(ms)} ms für einen Probeschritt.`,
    slower: (name, ms) => `${name} braucht ${whole(ms)} ms.`,
    remembered: (day) => `Gemerkt vom ${day}.`,
    askedBy: {
      run: (name) => `${name}, weil der Lauf es verlangt.`,
      address: (name) => `${name}, weil die Adresse dieser Seite es verlangt.`,
      client: (name) => `${name}, weil dieser Client es verlangt.`,
      fallback: (name) => `${name}, weil die anderen nicht starteten.`,
    },
    insecure: "Ein Thread, weil Browser Speicher nur auf Seiten von https oder localhost zwischen Threads teilen.",
    notIsolated: "Ein Thread, weil dieser Seite die Kopfzeilen fehlen, die sie abschirmen, oder weil sie in einer anderen Seite steckt.",
    noSharedMemory: "Ein Thread, weil dieser Browser keinen Speicher zwischen Threads teilt.",
    oneCore: "Ein Thread, weil dieser Browser sagt, dass der Computer einen Kern hat.",
    fewCores: (threads) => `Nur ${count(threads, threadForms)}, so viele, wie der Computer laut diesem Browser Kerne hat.`,
    kernels: { shared: "Kernel mit Workgroup-Speicher.", registers: "Kernel ohne Barrieren." },
    plainAsked: "Die schnellen Kernel sind wie gewünscht abgeschaltet.",
    plainFailed: "Die schnellen Kernel bestehen auf diesem Computer die Prüfung nicht; es rechnen die einfachen.",
    noStart: (name) => `${name} startet nicht.`,
    noGpu: {
      noGpu: "WebGPU startet nicht: Der Browser gibt keine GPU her. Vielleicht sperrt er ihren Treiber.",
      notOffered: "WebGPU startet nicht: Dieser Browser bietet kein WebGPU.",
      insecure: "WebGPU startet nicht: Browser bieten es nur Seiten von https oder localhost.",
    },
    noCompute: (name) => `${name} rechnet nicht.`,
    software: (adapter) => `Die GPU wurde ausgelassen: ${adapter} ist nur simuliert.`,
  },
  orderRefusals: {
    beginsByItself: "Dieser Lauf beginnt von selbst, wenn seine Geräte da sind.",
    hasBegun: "Der Lauf hat schon begonnen.",
    isPaused: "Der Lauf ist schon angehalten.",
    isNotPaused: "Der Lauf ist nicht angehalten.",
    unknownClient: "Niemand hier hat noch diesen Schlüssel.",
    isOver: "Der Lauf ist zu Ende.",
    isFollowed: "Auf diesen Lauf folgt schon ein anderer.",
    isBeingFollowed: "Ein Lauf, der auf diesen folgt, wird gerade vorbereitet.",
    nothingLearnt: "Noch ist nichts gelernt, von dem aus ein anderes Verfahren weitermachen könnte. Warte den ersten Schritt ab.",
    servesOne: "Dieser Koordinator betreut nur einen Lauf. Starte `tutti serve`, damit andere folgen können.",
    byInvitation: "Auf einen Lauf mit Einladungen kann keiner folgen: Sie gelten nur für ihn.",
    nobodyToPoison: "Kein Gerät ist da, das vergiftet werden könnte.",
    noUpdates: "In diesem Lauf schicken Geräte keine Änderungen, die sich vergiften ließen.",
    noSampleFraction: "Dieses Verfahren bestimmt selbst, wie viele Geräte es fragt.",
    noClasses: "Die Daten lassen sich nicht schief verteilen: Diese Aufgabe hat keine Klassen.",
    nothingToTakeBack: "Davon gibt es nichts zurückzunehmen.",
    noOpenStep: "Kein Schritt ist offen: Es gibt nichts zu schließen.",
    computeStep: "Dieser Schritt gehört dem Rechen-Client: Er endet von selbst.",
    tooFewForRule: (size) => `Die Regel zum Zusammenfassen braucht mehr Beiträge, als ${count(size, devices)} geben können.`,
    nobodyDropped: (percent, size) =>
      `${percent} von ${count(size, { one: "Gerät", other: "Geräten" })} ist niemand. Frag erst mehr Geräte.`,
    tooFewIn: (numIn, numTasks, needed) =>
      `${whole(numIn)} von ${count(numTasks, { one: "Beitrag ist", other: "Beiträgen sind" })} da, und die Runde braucht mindestens ${whole(needed)}. Warte kurz, oder schick weg, wer nicht antwortet.`,
  },
  noPeftReasons: {
    adapter: "Es hat keine Engpass-Netze hinter Attention und Feed-Forward-Teil",
    inputPrompt: "Tutti schreibt keine PROMPT_TUNING-Adapter, nur PREFIX_TUNING und LORA",
    ofEachText: "Das Verfahren macht aus jedem Text einen Prompt, und ein Prompt von peft ist für alle Texte derselbe",
    latePrompt: "Das Verfahren macht aus jedem Text einen Prompt und setzt ihn in der mittleren Schicht ein, wo peft keinen hat",
    projectedPrompt: "Getunt wird ein Vektor, aus dem der Startwert des Laufs den Prompt macht",
    tensorTrain: "Es hat keine Netze aus Tensor-Trains hinter Attention und Feed-Forward-Teil",
    discretePrompt: "Der Prompt besteht aus Wörtern: setze sie vor jeden Text",
    full: "Jedes Gewicht der Schichten wird trainiert, und ein Adapter lässt die Gewichte des Modells, wie sie sind",
  },
  forgetting: {
    button: "Alles auf diesem Computer vergessen",
    question:
      "Alles löschen, was dieser Browser von dieser Seite behält: das Modell, deine Plätze in Läufen, deine Beispiele, deinen Namen und deine Einstellungen? Was Läufe gelernt haben, bleibt in ihnen.",
    yes: "Alles vergessen",
    no: "Behalten",
    left: "Ein anderer Tab dieser Seite ist offen und behält noch etwas. Schließ ihn, und drück den Knopf noch einmal.",
  },
};
